/**
 * virsh on Gantry's libvirt server and on libvirtd's test driver with as many vms, in the same run:
 * `node bench/gateway/bench.ts [VMS ...]`. The vms of Gantry are simulated ones. Times are those of virsh's own
 * clock, in one connection; that of the first answer is from dialling on, by a client in Node. An act at Gantry is an operation that
 * is stored and done by another process, and a simulated vm takes 200 to 900 ms to start; libvirtd's test driver changes a field in
 * memory. The fleet is the same on both sides, by names and states. Of each vm Gantry tells some 25 figures in `domstats`, the test driver
 * the state alone: `domstats --state` is the same on both. Beside the times stands what virsh itself has used of a processor, which no server can make less.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectLibvirt } from '#libvirt';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import { startLibvirtd } from '../../test/interop/libvirt/daemon.ts';
import { run } from '../../test/interop/libvirt/tools.ts';
import { describeMachine, note, percentile, print, writeTable } from '../measure.ts';
import { writeTestNode } from './test-node.ts';

const rounds = 5;
/** What is short is run more often, for about as long together. */
const mostRounds = 500;
const roundsMs = 400;
const warmUpMs = 1500;
const maxPerHost = 5000;
const fillLimitMs = 300_000;
/** The test driver reads all of its domains when a client connects. */
const openLimitMs = 60_000;
const looks = [
  'list --all --name',
  'list --all',
  'domstats --raw --state',
  'domstats --raw',
  'dominfo VM',
];
/** They leave the vm as it was. */
const acts = ['destroy VM', 'start VM'];
/** All kinds of domain events, as `virsh event --all` asks for them. */
const eventKinds = 27;
const sizes = process.argv.slice(2).map(Number);

interface Row {
  readonly what: string;
  readonly ms: number;
  /** Of it, what virsh itself took of a processor; undefined where that was not looked at. */
  readonly virshMs?: number;
}

interface Timed {
  /** The median of each command. */
  readonly ms: readonly number[];
  /** Of the processor, for one round of them. */
  readonly virshMs: number;
}

/** The commands, run in turn, on a server that has answered them for a while. */
async function time(address: string, commands: readonly string[]): Promise<Timed> {
  const times = await warmUp(address, commands);
  const { rounds: each, usedMs } = await runRounds(address, commands, times);
  const idleMs = (await runVirsh(address, 'uri')).usedMs;
  return {
    ms: commands.map((_, of) =>
      percentile(
        each.map((round) => round[of] ?? Number.NaN),
        0.5,
      ),
    ),
    virshMs: Math.max(0, usedMs - idleMs) / times,
  };
}

/** How many rounds are to be measured. */
async function warmUp(address: string, commands: readonly string[]): Promise<number> {
  const end = performance.now() + warmUpMs;
  let times = 1;
  do {
    const { rounds: each } = await runRounds(address, commands, times);
    const ms = each.flat().reduce((sum, one) => sum + one, 0) / times;
    times = Math.min(mostRounds, Math.max(rounds, Math.ceil(roundsMs / ms)));
  } while (performance.now() < end);
  return times;
}

async function runRounds(
  address: string,
  commands: readonly string[],
  times: number,
): Promise<{ readonly rounds: readonly (readonly number[])[]; readonly usedMs: number }> {
  const batch = Array.from({ length: times }, () => commands.join('; ')).join('; ');
  const { out, usedMs } = await runVirsh(address, batch);
  const ms = [...out.matchAll(/\(Time: ([\d.]+) ms\)/g)].map((match) => Number(match[1]));
  if (ms.length !== times * commands.length) throw new Error(commands.join('; '));
  const rounds = Array.from({ length: times }, (_, round) =>
    ms.slice(round * commands.length, (round + 1) * commands.length),
  );
  return { rounds, usedMs };
}

/** How long each command took, as it says, and what it has used of a processor. The rest of what it prints is not read: our server is this process. */
async function runVirsh(
  address: string,
  batch: string,
): Promise<{ readonly out: string; readonly usedMs: number }> {
  const script =
    'set -o pipefail; TIMEFORMAT="used %U %S"; { time virsh -t -c "$1" "$2"; } | grep "^(Time:"';
  const { code, out, err } = await run('bash', ['-c', script, 'bash', address, batch]);
  const used = /used ([\d.]+) ([\d.]+)\s*$/.exec(err);
  if (code !== 0 || used === null) throw new Error(err);
  return { out, usedMs: (Number(used[1]) + Number(used[2])) * 1000 };
}

/** `address`: of a server that has a vm of the name, running. */
async function measure(address: string, vm: string): Promise<readonly Row[]> {
  const rows: Row[] = [{ what: 'the first answer', ms: await timeFirst(address) }];
  for (const commands of [...looks.map((words) => [words]), acts]) {
    const timed = await time(
      address,
      commands.map((words) => words.replace('VM', vm)),
    );
    const own = commands.length === 1 ? { virshMs: timed.virshMs } : {};
    rows.push(...timed.ms.map((ms, index) => ({ what: commands[index] ?? '', ms, ...own })));
  }
  return [
    ...rows,
    { what: 'suspend and resume, told to who hears all', ms: await timeTold(address, vm) },
  ];
}

/** Until both are answered and told to the client, which has asked for all kinds of events. */
async function timeTold(address: string, vm: string): Promise<number> {
  await using client = await connectLibvirt(address, { timeoutMs: openLimitMs });
  const { dom } = await client.call('DOMAIN_LOOKUP_BY_NAME', { name: vm });
  for (let eventID = 1; eventID < eventKinds; eventID += 1)
    await client.call('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', { eventID, dom: null });
  const lifecycle = await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
  const told = lifecycle[Symbol.asyncIterator]();
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const begin = performance.now();
    for (const verb of ['DOMAIN_SUSPEND', 'DOMAIN_RESUME'] as const)
      await Promise.all([client.call(verb, { dom }), told.next()]);
    times.push(performance.now() - begin);
  }
  return percentile(times.slice(1), 0.5);
}

async function timeFirst(address: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const begin = performance.now();
    await using client = await connectLibvirt(address, { timeoutMs: openLimitMs });
    await client.call('CONNECT_GET_TYPE', {});
    times.push(performance.now() - begin);
  }
  return percentile(times.slice(1), 0.5);
}

interface Both {
  readonly ours: readonly Row[];
  readonly theirs: readonly Row[];
}

async function compare(count: number): Promise<Both> {
  await using stage = await Stage.open();
  // A host has not many more than this, and says all of them at once.
  for (let rest = count; rest > 0; rest -= maxPerHost)
    await stage.addHost(`h${rest}`, Math.min(rest, maxPerHost));
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.count('vm') === count, 'all vms are there', fillLimitMs);
  const vms = [...inventory.allVms()];
  const vm = vms.find(({ state }) => state === 'running') ?? vms[0];
  if (vm?.state === 'off') await stage.act('POST', `/vms/${vm.id}/actions/turn-on`);
  const name = vm?.name ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'bg-'));
  try {
    const file = await writeTestNode(folder, inventory.allVms());
    const socket = join(stage.folder, 'run/libvirt-sock');
    const ours = await measure(`gantry+unix:///all?socket=${socket}`, name);
    await using daemon = await startLibvirtd();
    return { ours, theirs: await measure(`test+unix://${file}?socket=${daemon.socket}`, name) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const size of sizes.length === 0 ? [2, 1000, 5000, 16_384] : sizes) {
  note(`${size} vms`);
  const { ours, theirs } = await compare(size);
  const show = (ms: number | undefined): string => (ms === undefined ? '' : `${ms.toFixed(1)} ms`);
  const rows = ours.map(({ what, ms, virshMs }, index) => {
    const other = theirs[index]?.ms;
    const ratio = (ms / (other ?? Number.NaN)).toFixed(2);
    return [String(size), what, show(ms), show(other), ratio, show(virshMs)];
  });
  print(
    writeTable([['vms', 'virsh', 'gantry', 'libvirtd', 'ratio', 'virsh itself, of ours'], ...rows]),
  );
}
print(describeMachine());
