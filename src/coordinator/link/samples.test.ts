/** What an agent tells of its guests in samples, as rules and counters of the coordinator use it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  adapterSchema,
  profiles,
  type Adapter,
  type AdapterState,
  type MachineSample,
  type Network,
  type Vm,
  type VmDefinition,
} from '#api';
import { FakeAgent, load, makeDefinition, makeRecord, makeReport } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
});
after(async () => {
  await agent?.[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const plainGuest: NonNullable<MachineSample['guest']> = {
  osName: 'Debian GNU/Linux',
  hostName: 'inside',
  addresses: [],
  interfaces: [],
  users: null,
  timezone: 'UTC',
  domainController: false,
  domain: null,
  clockOffsetMs: 0,
  memoryTotalBytes: null,
  memoryFreeBytes: null,
  fileSystems: [],
};

/** A running vm whose agent has told this of it. */
async function tellSample(
  name: string,
  sample: Partial<MachineSample>,
  more: Partial<VmDefinition> = {},
): Promise<VmDefinition> {
  const definition = makeDefinition(name, more);
  await agent.connect([makeRecord(definition, 1, { state: 'running', wasRunning: true })]);
  const told: MachineSample = {
    id: definition.id,
    cpuPercent: null,
    memoryBytes: null,
    diskUse: null,
    networkUse: null,
    heartbeat: { state: 'good', lastAt: null, beats: 41 },
    guestHealth: 'working',
    additions: { state: 'running', version: '1', agentVersion: null, functions: {} },
    guest: null,
    ...sample,
  };
  agent.send({ type: 'samples', load, samples: [told] });
  await stage.until(() => stage.vm(name)?.status.heartbeat.beats === 41, 'the sample');
  return definition;
}

test('GA-09 the heartbeat is a counter beside those of processor and memory', async () => {
  const { id } = await tellSample('beats', { cpuPercent: 25, memoryBytes: 1_048_576 });
  const { text } = await stage.send('GET', '//metrics');
  const labels = `{vm="beats",id="${id}",host="h1"}`;
  const lines = text.split('\n');
  for (const line of [
    `gantry_vm_cpu_ratio${labels} 0.25`,
    `gantry_vm_memory_resident_bytes${labels} 1048576`,
    `gantry_vm_heartbeats_total${labels} 41`,
    '# TYPE gantry_vm_heartbeats_total counter',
  ])
    assert.ok(lines.includes(line), line);
});

test('what a vm reads, writes, receives and sends is a metric where it is known', async () => {
  const { id } = await tellSample('moves', {
    diskUse: {
      readBytesPerSecond: 1000,
      writtenBytesPerSecond: 0,
      readsPerSecond: 10,
      writesPerSecond: 0,
    },
  });
  const { text } = await stage.send('GET', '//metrics');
  const labels = `{vm="moves",id="${id}",host="h1"}`;
  const lines = text.split('\n');
  assert.ok(lines.includes(`gantry_vm_disk_read_bytes_per_second${labels} 1000`), text);
  assert.ok(lines.includes(`gantry_vm_disk_written_bytes_per_second${labels} 0`), text);
  assert.ok(!text.includes(`gantry_vm_network_sent_bytes_per_second${labels}`), text);
});

test('DISK-67 the space that the files of a vm take up is a counter of the API and of its metrics, also while it is off, and above its limit the status tells of it', async () => {
  const definition = makeDefinition('large');
  const settings = { ...definition.settings, diskSpace: { warnBytes: 4096, warnPercent: null } };
  await agent.connect([makeRecord({ ...definition, settings }, 1, { state: 'off' })]);
  const { id } = definition;
  const tell = async (usedBytes: number): Promise<string> => {
    agent.send({ type: 'disk-space', machines: [{ id, usedBytes }] });
    const isTold = (): boolean => stage.vm('large')?.status.diskSpaceBytes === usedBytes;
    await stage.until(isTold, `${usedBytes} bytes`);
    return (await stage.send('GET', '/installation')).text;
  };
  assert.doesNotMatch(await tell(4096), /the files of vm large/);
  assert.match(await tell(8192), /the files of vm large take up 8 KiB: its limit is 4 KiB/);
  const { text } = await stage.send('GET', '//metrics');
  const line = `gantry_vm_disk_space_bytes{vm="large",id="${id}",host="h1"} 8192`;
  assert.ok(text.split('\n').includes(line), text);
});

test('GA-14 the clock of a guest found to be a domain controller is set only when that is confirmed', async () => {
  const definition = await tellSample('dc', {
    guest: { ...plainGuest, hostName: 'dc', domainController: true },
  });
  agent.handlers['machine.configure'] = () => ({
    report: makeReport(definition, { state: 'running', wasRunning: true }),
  });
  const set = (time: object) =>
    stage.send('PATCH', `/vms/${definition.id}`, { body: { settings: { time } } });
  const refused = await set({ synchronise: true });
  assert.equal(refused.status, 409, refused.text);
  assert.match((refused.json as { detail: string }).detail, /it runs a domain controller/);
  assert.equal((await set({ synchronise: true, evenDomainController: true })).status, 202);
});

test('API-13 version of the additions, heartbeat, addresses and operating system of a guest are read through the API', async () => {
  const lastAt = '2026-01-31T12:00:00.000Z';
  const guest = {
    ...plainGuest,
    osName: 'Debian GNU/Linux 13 (trixie)',
    addresses: ['10.0.2.15', 'fe80::1'],
  };
  const heartbeat = { state: 'good', lastAt, beats: 41 } as const;
  const { id } = await tellSample('inside', {
    heartbeat,
    additions: { state: 'running', version: '1.4.2', agentVersion: '9.2.0', functions: {} },
    guest,
  });
  const { status, json, text } = await stage.send('GET', `/vms/${id}`);
  assert.equal(status, 200, text);
  const shown = (json as Vm).status;
  assert.equal(shown.additions.version, '1.4.2');
  assert.deepEqual(shown.heartbeat, heartbeat);
  assert.deepEqual(shown.guest?.addresses, guest.addresses);
  assert.equal(shown.guest?.osName, guest.osName);
});

test('NET-49 each adapter of a vm is shown with its network, address, mask and name of the guest, as far as they are known', async () => {
  const made = await stage.send('POST', '/networks', {
    body: { name: 'office', ipv4: { subnet: '10.80.0.0/24' }, domain: 'office.test' },
  });
  const network = made.json as Network;
  const adapter = (slot: number, attachment: Adapter['attachment']): Adapter =>
    adapterSchema.parse({ slot, model: 'virtio', mac: `52:47:59:49:00:0${slot}`, attachment });
  const adapters = [
    adapter(0, { kind: 'network', network: network.id }),
    adapter(1, { kind: 'network', network: network.id }),
    adapter(2, { kind: 'none' }),
  ];
  const hardware = { ...profiles.modern.hardware, adapters };
  const told = { address: '10.80.0.30', prefixLength: 24 };
  const interfaces = [{ mac: adapters[0]?.mac ?? '', addresses: [told] }];
  const guest = { ...plainGuest, hostName: 'web', interfaces };
  const { id } = await tellSample('shown', { guest }, { hardware });
  const lease = {
    address: '10.80.0.31',
    mac: adapters[1]?.mac ?? '',
    hostName: 'shown',
    startsAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2036-01-01T00:00:00.000Z',
  };
  agent.send({ type: 'leases', network: network.id, leases: [lease] });
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.networkLeases(network.id).size > 0, 'the lease is known');
  const { json, text } = await stage.send('GET', `/vms/${id}/adapters`);
  const at = { network: { id: network.id, name: 'office' }, dnsName: 'web.office.test' };
  const mask = { prefixLength: 24, subnetMask: '255.255.255.0' };
  assert.deepEqual(
    (json as { items: AdapterState[] }).items.map(({ network: on, addresses, dnsName }) => ({
      network: on,
      addresses,
      dnsName,
    })),
    [
      { ...at, addresses: [{ address: '10.80.0.30', ...mask, from: 'guest' }] },
      { ...at, addresses: [{ address: '10.80.0.31', ...mask, from: 'lease' }] },
      { network: null, addresses: [], dnsName: 'web' },
    ],
    text,
  );
});
