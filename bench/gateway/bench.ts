/**
 * virsh on Gantry's libvirt server and on libvirtd's test driver with as many vms, in the same run:
 * `node bench/gateway/bench.ts [VMS ...]`. The vms of Gantry are simulated ones. Times are those of virsh's own
 * clock, in one connection; that of the first answer is from dialling on, by a client in Node. An act at Gantry is an operation that
 * is stored and done by another process, and a simulated vm takes 200 to 900 ms to start; libvirtd's test driver changes a field in
 * memory. Of each vm Gantry tells some 25 figures in `domstats`, the test driver the state alone.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectLibvirt } from '#libvirt';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import { startLibvirtd } from '../../test/interop/libvirt/daemon.ts';
import { run } from '../../test/interop/libvirt/tools.ts';
import { describeMachine, note, percentile, print, writeTable } from '../measure.ts';

const rounds = 5;
const maxPerHost = 5000;
const fillLimitMs = 300_000;
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
}

/** The median of each command, run in turn. */
async function time(address: string, commands: readonly string[]): Promise<readonly number[]> {
  // The first ones of a connection pay for what the server has not shown yet.
  const batch = Array.from({ length: rounds + 1 }, () => commands.join('; ')).join('; ');
  const { code, out, err } = await run('virsh', ['-t', '-c', address, batch]);
  const times = [...out.matchAll(/\(Time: ([\d.]+) ms\)/g)].map((match) => Number(match[1]));
  if (code !== 0 || times.length !== (rounds + 1) * commands.length)
    throw new Error(`${commands.join('; ')}: ${err}`);
  return commands.map((_, of) =>
    percentile(
      times.filter((_ms, at) => at >= commands.length && at % commands.length === of),
      0.5,
    ),
  );
}

/** `address`: of a server that has a vm of the name, running. */
async function measure(address: string, vm: string): Promise<readonly Row[]> {
  const rows: Row[] = [{ what: 'the first answer', ms: await timeFirst(address) }];
  for (const commands of [...looks.map((words) => [words]), acts]) {
    const times = await time(
      address,
      commands.map((words) => words.replace('VM', vm)),
    );
    rows.push(...times.map((ms, index) => ({ what: commands[index] ?? '', ms })));
  }
  return [
    ...rows,
    { what: 'suspend and resume, told to who hears all', ms: await timeTold(address, vm) },
  ];
}

/** Until both are answered and told to the client, which has asked for all kinds of events. */
async function timeTold(address: string, vm: string): Promise<number> {
  await using client = await connectLibvirt(address);
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
    await using client = await connectLibvirt(address);
    await client.call('CONNECT_GET_TYPE', {});
    times.push(performance.now() - begin);
  }
  return percentile(times.slice(1), 0.5);
}

async function ofGantry(count: number): Promise<readonly Row[]> {
  await using stage = await Stage.open();
  // A host has not many more than this, and says all of them at once.
  for (let rest = count; rest > 0; rest -= maxPerHost)
    await stage.addHost(`h${rest}`, Math.min(rest, maxPerHost));
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.count('vm') === count, 'all vms are there', fillLimitMs);
  const vms = [...inventory.documents('vm')].flatMap(({ id }) => inventory.vm(id) ?? []);
  const vm = vms.find(({ state }) => state === 'running') ?? vms[0];
  if (vm?.state === 'off') await stage.act('POST', `/vms/${vm.id}/actions/turn-on`);
  return await measure(
    `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`,
    vm?.name ?? '',
  );
}

async function ofLibvirtd(count: number): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bg-'));
  try {
    const domains = Array.from(
      { length: count },
      (_, index) =>
        `<domain type='test'><name>vm-${index}</name><memory>8192</memory><os><type>hvm</type></os></domain>`,
    );
    const file = join(folder, 'node.xml');
    await writeFile(file, `<node>${domains.join('')}</node>`);
    await using daemon = await startLibvirtd();
    const address = `test+unix://${file}?socket=${daemon.socket}`;
    return await measure(address, 'vm-0');
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const size of sizes.length === 0 ? [2, 1000, 5000, 16_384] : sizes) {
  note(`${size} vms`);
  const [ours, theirs] = [await ofGantry(size), await ofLibvirtd(size)];
  const rows = ours.map(({ what, ms }, index) => {
    const other = theirs[index]?.ms ?? Number.NaN;
    return [
      String(size),
      what,
      `${ms.toFixed(1)} ms`,
      `${other.toFixed(1)} ms`,
      (ms / other).toFixed(2),
    ];
  });
  print(writeTable([['vms', 'virsh', 'gantry', 'libvirtd', 'ratio'], ...rows]));
}
print(describeMachine());
