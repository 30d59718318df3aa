/**
 * How fast guests reach each other and their host, and how soon they have an address: on a network of Gantry, and with
 * the bare QEMU given the same arguments and control groups, a bridge and taps made by hand and dnsmasq. Each round
 * starts a pair of guests of either side, for how quick an emulated guest is differs from start to start by more than
 * what is measured; both pairs run while they are measured in turn, so that agent and coordinator and whatever else the
 * machine does take the same from both. Medians of the rounds with the least and the most.
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
import { measureInTurn, type Figures, type Pair } from './pair.ts';
import { prepare, startPair } from './through-gantry.ts';

const columns: readonly {
  readonly title: string;
  readonly of: (figures: Figures) => number;
  readonly unit: string;
  readonly digits: number;
}[] = [
  { title: 'vm to vm', of: ({ between }) => between, unit: 'MiB/s', digits: 1 },
  { title: 'vm to host', of: ({ toHost }) => toHost, unit: 'MiB/s', digits: 1 },
  { title: 'echo of a vm', of: ({ betweenMs }) => betweenMs, unit: 'ms', digits: 2 },
  { title: 'echo of the host', of: ({ toHostMs }) => toHostMs, unit: 'ms', digits: 2 },
  { title: 'start to address', of: ({ addressMs }) => addressMs / 1000, unit: 's', digits: 2 },
];

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
  const sides: readonly Side[] = [
    { name: 'a network of Gantry', start: () => startPair(gantry), rounds: [] },
    { name: 'bridge and taps by hand', start: () => startBarePair(bare), rounds: [] },
  ];
  for (let round = 1; round <= rounds; round += 1) {
    note(`round ${round} of ${rounds}`);
    // Who starts second does it on a machine that does something else already.
    await takeRound(round % 2 === 1 ? sides : sides.toReversed());
  }
  print(describeMachine());
  print(
    writeTable([
      ['through', ...columns.map(({ title }) => title)],
      ...sides.map(({ name, rounds: all }) => [
        name,
        ...columns.map(({ of, unit, digits }) => `${spread(all.map(of), digits)} ${unit}`),
      ]),
      ['one to the other', ...columns.map(({ of }) => spread(ratios(sides, of), 2))],
    ]),
  );
}

interface Side {
  readonly name: string;
  readonly start: () => Promise<Pair>;
  readonly rounds: Figures[];
}

async function takeRound(sides: readonly Side[]): Promise<void> {
  await using running = new AsyncDisposableStack();
  const pairs: Pair[] = [];
  for (const { start } of sides) pairs.push(running.use(await start()));
  const all = await measureInTurn(pairs);
  for (const [at, figures] of all.entries()) sides[at]?.rounds.push(figures);
}

/** With the arguments that they have while they run. */
async function copyRunning(gantry: Gantry): Promise<readonly [BareQemu, BareQemu]> {
  await using _running = await startPair(gantry);
  return [await BareQemu.copyOf(gantry, 'one'), await BareQemu.copyOf(gantry, 'two')];
}

/** Of the first to the second in each round. */
function ratios([first, second]: readonly Side[], of: (figures: Figures) => number): number[] {
  const others = second?.rounds.map(of) ?? [];
  return (first?.rounds ?? []).map((figures, at) => of(figures) / (others[at] ?? Number.NaN));
}

/** The median, and between what the rounds were. */
function spread(values: readonly number[], digits: number): string {
  const [least, middle, most] = [0, 0.5, 1].map((part) => percentile(values, part).toFixed(digits));
  return `${middle} (${least} to ${most})`;
}
