/** All benches, one after the other, since each wants the machine for itself: `node bench/all.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { print } from './measure.ts';

const benches = ['idle', 'start', 'store', 'samples', 'inventory', 'fleet', 'console', 'disk'];

for (const name of benches) {
  const script = new URL(`${name}/bench.ts`, import.meta.url).pathname;
  print(`\n# bench/${name}`);
  const [code] = (await once(spawn(process.execPath, [script], { stdio: 'inherit' }), 'exit')) as [
    number | null,
  ];
  if (code !== 0) process.exitCode = 1;
}
