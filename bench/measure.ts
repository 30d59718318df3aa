/** What the benches share: percentiles, tables, and what machine it is. */
import { cpus, totalmem } from 'node:os';
import { formatBytes } from '#lib';

/** The value below which the share of the sorted values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Milliseconds of each run: by the clock, and of processor time of this thread, which a busy machine does not change. */
export interface Times {
  readonly wall: readonly number[];
  readonly processor: readonly number[];
}

export function timeRuns(runs: number, run: (index: number) => void): Times {
  const wall: number[] = [];
  const processor: number[] = [];
  for (let index = 0; index < runs; index += 1) {
    const begin = performance.now();
    const before = process.threadCpuUsage();
    run(index);
    const { user, system } = process.threadCpuUsage(before);
    wall.push(performance.now() - begin);
    processor.push((user + system) / 1000);
  }
  return { wall, processor };
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

/** What a bench is at, for whoever waits. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
