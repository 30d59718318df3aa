/**
 * The inventory with 10,000 and 50,000 vms: `node bench/inventory/bench.ts [vms ...]`. Each size is
 * measured in a process of its own that opens a store which another one has filled: load time, pages,
 * single vms, memory. In brackets the processor time of the main thread.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, print, writeTable } from '../measure.ts';

const script = new URL('measured.ts', import.meta.url);
const sizes = process.argv.length > 2 ? process.argv.slice(2) : ['10000', '50000'];

async function run(step: 'fill' | 'measure', file: string, vms: string): Promise<unknown> {
  const child = fork(script, [step, file, vms], { execArgv: ['--expose-gc'] });
  let told: unknown;
  child.on('message', (message) => (told = message));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${step} of ${vms} vms ended with ${code}`);
  return told;
}

print(describeMachine());
const columns: (readonly (readonly [string, string])[])[] = [];
for (const vms of sizes) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const file = join(folder, 'store.db');
    await run('fill', file, vms);
    columns.push((await run('measure', file, vms)) as readonly (readonly [string, string])[]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const labels = columns[0]?.map(([label]) => label) ?? [];
print(
  writeTable([
    ['', ...sizes.map((size) => `${size} vms`)],
    ...labels.map((label, row) => [label, ...columns.map((column) => column[row]?.[1] ?? '')]),
  ]),
);
