/**
 * The time of the server alone: what Gantry's libvirt server and libvirtd's test driver take for the calls that virsh makes, from the
 * first byte of the first to the last byte of the last, asked in turn by one client that reads nothing (bare-client.ts):
 * `node bench/gateway/server.ts [VMS ...]`. Beside the time by the clock stands the time of the processor that all threads of each server
 * have used, which a busy machine changes little. What is short is asked often enough to be measured, and both are asked for a while before,
 * once the fleet has settled.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import { startLibvirtd } from '../../test/interop/libvirt/daemon.ts';
import { describeMachine, note, percentile, print, writeTable } from '../measure.ts';
import { BareClient, sequences, type Sequence } from './bare-client.ts';
import { writeTestNode } from './test-node.ts';

const rounds = 9;
/** How long one measurement takes about, and all of what is asked before. */
const roundMs = 50;
const warmUpMs = 1500;
const maxPerHost = 5000;
const fillLimitMs = 300_000;
/** A fleet that has just come is written down, compared and told of for a while; of less a second than this, nothing of it is left. */
const restMs = 30;
const restLimitMs = 180_000;
const sizes = process.argv.slice(2).map(Number);

interface Server {
  readonly client: BareClient;
  /** Milliseconds of the processor, so far. */
  readonly used: () => Promise<number>;
}

interface Cost {
  readonly wall: number;
  readonly processor: number;
  readonly bytes: number;
}

async function measure({ client, used }: Server, sequence: Sequence, times: number): Promise<Cost> {
  const before = await used();
  const { ms, bytes } = await client.run(sequence, times);
  return { wall: ms / times, processor: ((await used()) - before) / times, bytes };
}

/** How often it fits into a measurement. */
async function warmUp({ client }: Server, sequence: Sequence): Promise<number> {
  const end = performance.now() + warmUpMs;
  let times = 1;
  while (performance.now() < end) {
    const { ms } = await client.run(sequence, times);
    times = Math.max(1, Math.ceil((times * roundMs) / ms));
  }
  return times;
}

/** Of all threads of a process, in nanoseconds (the kernel's Documentation/scheduler/sched-stats). */
async function usedBy(pid: number): Promise<number> {
  const folder = `/proc/${pid}/task`;
  const texts = await Promise.all(
    (await readdir(folder)).map((thread) =>
      readFile(join(folder, thread, 'schedstat'), 'utf8').catch(() => '0'),
    ),
  );
  return texts.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6;
}

async function fill(stage: Stage, count: number): Promise<void> {
  // A host has not many more than this, and says all of them at once.
  for (let rest = count; rest > 0; rest -= maxPerHost)
    await stage.addHost(`h${rest}`, Math.min(rest, maxPerHost));
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.count('vm') === count, 'all vms are there', fillLimitMs);
}

/** Until the process has nothing to do but what is asked of it, as the other server has. */
async function rest(): Promise<void> {
  const end = performance.now() + restLimitMs;
  for (let last = Infinity; performance.now() < end;) {
    const before = await usedBy(process.pid);
    await sleep(1000);
    const now = (await usedBy(process.pid)) - before;
    if (Math.max(last, now) < restMs) return;
    last = now;
  }
  note('the server was never at rest');
}

async function compare(count: number): Promise<readonly (readonly string[])[]> {
  await using stage = await Stage.open();
  await fill(stage, count);
  await rest();
  const folder = await mkdtemp(join(tmpdir(), 'bg-'));
  try {
    const file = await writeTestNode(folder, stage.coordinator.inventory.allVms());
    await using daemon = await startLibvirtd();
    const pid = Number(await readFile(join(dirname(dirname(daemon.socket)), 'pid'), 'utf8'));
    await using own = await BareClient.open({
      socket: join(stage.folder, 'run/libvirt-sock'),
      name: 'gantry:///all',
    });
    await using other = await BareClient.open({ socket: daemon.socket, name: `test://${file}` });
    const ours: Server = { client: own, used: () => usedBy(process.pid) };
    const theirs: Server = { client: other, used: () => usedBy(pid) };
    const rows: string[][] = [];
    for (const sequence of sequences) {
      const costs: { ours: Cost; theirs: Cost }[] = [];
      const times = Math.min(await warmUp(ours, sequence), await warmUp(theirs, sequence));
      for (let round = 0; round < rounds; round += 1)
        costs.push({
          ours: await measure(ours, sequence, times),
          theirs: await measure(theirs, sequence, times),
        });
      const of = (who: 'ours' | 'theirs', what: keyof Cost): number =>
        percentile(
          costs.map((cost) => cost[who][what]),
          0.5,
        );
      const pair = (what: 'wall' | 'processor'): string[] => {
        const [mine, its] = [of('ours', what), of('theirs', what)];
        return [`${mine.toFixed(3)} ms`, `${its.toFixed(3)} ms`, (mine / its).toFixed(2)];
      };
      const bytes = [of('ours', 'bytes'), of('theirs', 'bytes')].map(String);
      rows.push([String(count), sequence, ...pair('wall'), ...pair('processor'), ...bytes]);
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const head = [
  'vms',
  'calls of',
  'gantry',
  'libvirtd',
  'ratio',
  'processor',
  'libvirtd',
  'ratio',
  'bytes',
  'libvirtd',
];
for (const size of sizes.length === 0 ? [2, 1000, 5000, 16_384] : sizes) {
  note(`${size} vms`);
  print(writeTable([head, ...(await compare(size))]));
}
print(describeMachine());
