/**
 * All benches, one after the other, since each wants the machine for itself: `node bench/all.ts [--quick]`.
 * Quick is small and soon over: it shows that all of them work, and measures little.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { print } from './measure.ts';

const benches: readonly { readonly name: string; readonly quick: readonly string[] }[] = [
  { name: 'idle', quick: ['5'] },
  { name: 'start', quick: ['1'] },
  { name: 'snapshots', quick: ['2'] },
  { name: 'store', quick: [tmpdir(), '20000'] },
  { name: 'samples', quick: [tmpdir(), '200'] },
  { name: 'inventory', quick: ['1000'] },
  { name: 'fleet', quick: ['1000'] },
  { name: 'console', quick: ['500', '5'] },
  { name: 'libvirt', quick: ['100'] },
  { name: 'gateway', quick: ['100'] },
  { name: 'network', quick: ['1'] },
  { name: 'disk', quick: ['--rounds', '1', '--rows', 'check,map'] },
];
const quick = process.argv.includes('--quick');

for (const bench of benches) {
  const script = new URL(`${bench.name}/bench.ts`, import.meta.url).pathname;
  print(`\n# bench/${bench.name}`);
  const words = ['--expose-gc', script, ...(quick ? bench.quick : [])];
  const [code] = (await once(spawn(process.execPath, words, { stdio: 'inherit' }), 'exit')) as [
    number | null,
  ];
  if (code !== 0) process.exitCode = 1;
}
