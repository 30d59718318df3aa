/**
 * How fast guests reach each other and their host, and how soon they have an address: on a network of Gantry, and with
 * the bare QEMU given the same arguments, a bridge and taps made by hand and dnsmasq. Rounds in turn; medians with the least and the most. Each round
 * starts its guests anew, for how quick an emulated guest is differs from start to start by more than what is measured.
 * Wants root; runs in a network namespace of its own.
 *
 *   node bench/network/bench.ts [ROUNDS]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BareQemu } from '../bare-qemu.ts';
import { newEquippedGantry } from '../equipped.ts';
import { describeMachine, note, percentile, print, writeTable } from '../measure.ts';
import type { Gantry } from '../../test/e2e/gantry.ts';
import { startBarePair } from './by-hand.ts';
import { measurePair, type Figures, type Pair } from './pair.ts';
import { prepare, startPair } from './through-gantry.ts';

const marker = 'GANTRY_BENCH_NETWORK';
if (process.env[marker] === 'own') await run();
else {
  const words = ['--net', '--', process.execPath, fileURLToPath(import.meta.url)];
  const env = { ...process.env, [marker]: 'own' };
  const { status } = spawnSync('unshare', [...words, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env,
  });
  process.exitCode = status ?? 1;
}

async function run(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 7);
  spawnSync('ip', ['link', 'set', 'dev', 'lo', 'up']);
  await using gantry = await newEquippedGantry();
  note('two vms with each');
  await prepare(gantry);
  const bare = await copyRunning(gantry);
  const measured: Readonly<
    Record<string, { readonly start: () => Promise<Pair>; readonly figures: Figures[] }>
  > = {
    'a network of Gantry': { start: () => startPair(gantry), figures: [] },
    'bridge and taps by hand': { start: () => startBarePair(bare), figures: [] },
  };
  for (let round = 1; round <= rounds; round += 1) {
    note(`round ${round} of ${rounds}`);
    for (const { start, figures } of Object.values(measured)) {
      await using pair = await start();
      figures.push(await measurePair(pair));
    }
  }
  print(describeMachine());
  print(
    writeTable([
      ['through', 'vm to vm', 'vm to host', 'echo of a vm', 'echo of the host', 'start to address'],
      ...Object.entries(measured).map(([name, { figures }]) => [
        name,
        `${spread(figures, ({ between }) => between, 1)} MiB/s`,
        `${spread(figures, ({ toHost }) => toHost, 1)} MiB/s`,
        `${spread(figures, ({ betweenMs }) => betweenMs, 2)} ms`,
        `${spread(figures, ({ toHostMs }) => toHostMs, 2)} ms`,
        `${spread(figures, ({ addressMs }) => addressMs / 1000, 2)} s`,
      ]),
    ]),
  );
}

/** With the arguments that they have while they run. */
async function copyRunning(gantry: Gantry): Promise<readonly [BareQemu, BareQemu]> {
  await using _running = await startPair(gantry);
  return [await BareQemu.copyOf(gantry, 'one'), await BareQemu.copyOf(gantry, 'two')];
}

/** The median, and between what the rounds were. */
function spread(
  figures: readonly Figures[],
  value: (figures: Figures) => number,
  digits: number,
): string {
  const values = figures.map(value);
  const [least, middle, most] = [0, 0.5, 1].map((part) => percentile(values, part).toFixed(digits));
  return `${middle} (${least} to ${most})`;
}
