/** What the benches share: percentiles, tables, and what machine it is. */
import { cpus, totalmem } from 'node:os';
import { formatBytes } from '#lib';

/** The value below which the share of the sorted values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Milliseconds that each of so many runs took. */
export function timeRuns(runs: number, run: (index: number) => void): readonly number[] {
  return Array.from({ length: runs }, (_, index) => {
    const begin = performance.now();
    run(index);
    return performance.now() - begin;
  });
}

export function describeMachine(): string {
  const processors = cpus();
  return `${processors.length} x ${processors[0]?.model ?? 'processor'}, ${formatBytes(totalmem())}, Node ${process.version}`;
}

/** Rows as a table of text, first row its head. */
export function writeTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
