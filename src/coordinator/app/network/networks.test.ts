/** Networks through the API: made, changed, used and deleted, on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type {
  AdapterState,
  DryRun,
  Event,
  Network,
  NetworkLeases,
  NetworkPorts,
  Page,
  Problem,
  Vm,
} from '#api';
import { FakeAgent, makeDefinition, makeRecord } from '../../testing/fake-agent.ts';
import type { HostDocument } from '../../documents.ts';
import { foreignMachine } from '../../testing/foreign-machine.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
});
after(() => stage[Symbol.asyncDispose]());

async function create(body: object): Promise<Network> {
  const { status, text, json } = await stage.send('POST', '/networks', { body });
  assert.equal(status, 200, text);
  return json as Network;
}

const show = async (name: string): Promise<Network> =>
  (await stage.send('GET', `/networks/${name}`)).json as Network;
const adapterOf = (vm: Vm | undefined) => vm?.definition.hardware.adapters[0];

async function refused(method: string, path: string, body?: object): Promise<Problem> {
  const { status, json, text } = await stage.send(method, path, body === undefined ? {} : { body });
  assert.ok(status >= 400, text);
  return json as Problem;
}

test('a network is one request: what is left out gets a value that fits', async () => {
  const nat = await create({ name: 'one' });
  assert.equal(nat.type, 'nat');
  assert.match(nat.ipv4?.subnet ?? '', /^10\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.0\/24$/);
  const net = (nat.ipv4?.subnet ?? '').replace('0/24', '');
  assert.deepEqual(
    [nat.ipv4?.gateway, nat.ipv4?.service, nat.ipv4?.dhcp?.first, nat.ipv4?.dhcp?.last],
    [`${net}1`, `${net}2`, `${net}25`, `${net}254`],
  );
  assert.deepEqual([nat.state, nat.hosts, nat.adapters], ['unused', [], 0]);
  const inner = await create({ name: 'inner', type: 'internal' });
  assert.equal(inner.ipv4, null);
  const { json } = await stage.send('GET', '/networks?filter=type=internal');
  assert.deepEqual(
    (json as Page<Network>).items.map(({ name }) => name),
    ['inner'],
  );
});

test('what cannot be is refused, each setting by its path', async () => {
  await create({ name: 'lab', ipv4: { subnet: '10.9.0.0/24' } });
  const overlap = await refused('POST', '/networks', {
    name: 'lab2',
    ipv4: { subnet: '10.9.0.128/25' },
  });
  assert.match(
    overlap.detail,
    /ipv4\/subnet: overlaps with 10\.9\.0\.0\/24 of network lab; left out, it is/,
  );
  const outside = await refused('POST', '/networks', {
    name: 'x',
    ipv4: {
      subnet: '10.8.0.0/24',
      gateway: '10.7.0.1',
      dhcp: { first: '10.8.0.9', last: '10.8.0.2' },
    },
    reservations: [
      { mac: '52:47:59:00:00:01', address: '10.8.0.2' },
      { mac: '52:47:59:00:00:01', address: '10.8.1.2' },
    ],
    forwards: [{ hostPort: 80, address: '10.9.0.7', port: 80 }],
  });
  for (const path of [
    'ipv4/gateway',
    'ipv4/dhcp/last',
    'reservations/0/address',
    'reservations/1/address',
    'reservations/1/mac',
    'forwards/0/address',
  ])
    assert.ok(JSON.stringify(outside).includes(path), `${path}: ${JSON.stringify(outside)}`);
  for (const body of [
    { name: 'user' },
    { name: 'b', type: 'bridged' },
    { name: 'b', type: 'bridged', adapter: 'br0', ipv4: {} },
    { name: 'b', type: 'nat', adapter: 'br0' },
    { name: 'b', type: 'nat', vlan: 100 },
    { name: 'b', type: 'bridged', adapter: 'eno1', vlan: 0 },
    { name: 'b', type: 'bridged', adapter: 'eno1', vlan: 4095 },
    { name: 'b', type: 'host-only', ipv4: null },
    { name: 'b', type: 'internal', forwards: [{ hostPort: 1, address: '1.1.1.1', port: 1 }] },
  ])
    assert.equal((await refused('POST', '/networks', body)).status, 400, JSON.stringify(body));
  assert.equal((await refused('POST', '/networks', { name: 'lab' })).status, 409);
});

test('networks that the host has no address in may have the same addresses', async () => {
  const ipv4 = { subnet: '10.33.0.0/24' };
  await create({ name: 'twin-a', type: 'internal', ipv4 });
  await create({ name: 'twin-b', type: 'internal', ipv4 });
});

test('a vm is created on a network by its name, keeps its id, and the network shows it', async () => {
  const { id } = await create({ name: 'office', type: 'host-only' });
  await stage.act('POST', '/vms', { name: 'desk', network: 'office' });
  assert.deepEqual(adapterOf(stage.vm('desk'))?.attachment, { kind: 'network', network: id });
  await stage.until(
    () => stage.coordinator.inventory.networkReports(id).size === 1,
    'the host carries it',
  );
  const shown = await show('office');
  assert.deepEqual(
    [shown.state, shown.adapters, shown.hosts.map(({ hostName, state }) => [hostName, state])],
    ['ready', 1, [['h1', 'ready']]],
  );
  const leases = (await stage.send('GET', '/networks/office/leases')).json as NetworkLeases;
  assert.deepEqual(leases, { items: [], unreachable: [] });
  const unknown = await refused('POST', '/vms', { name: 'lost', network: 'nowhere' });
  assert.match(unknown.detail, /there is no network nowhere/);
});

test('EVT-14 a network is renamed and changed while it is used, and not removed until it is unused', async () => {
  const { id } = await create({ name: 'floor', type: 'internal' });
  await stage.act('POST', '/vms', { name: 'lamp', network: 'floor' });
  const { status, headers, text } = await stage.send('PATCH', '/networks/floor', {
    body: { name: 'ground', promiscuous: true },
    headers: { 'if-match': '"1"' },
  });
  assert.deepEqual([status, headers.etag], [200, '"2"'], text);
  const inUse = await refused('DELETE', '/networks/ground');
  assert.deepEqual([inUse.code, inUse.facts?.['vms']], ['refused', ['lamp']]);
  await stage.act('PATCH', '/vms/lamp/adapters/0', { attachment: { kind: 'none' } });
  assert.equal((await stage.send('DELETE', '/networks/ground')).status, 204);
  const { json } = await stage.send('GET', `/events?filter=target.id=${id}&sort=seq`);
  assert.deepEqual(
    (json as Page<Event>).items.map(({ message }) => message),
    [
      'Network floor was created',
      'The setting name of network ground was changed from floor to ground',
      'The setting promiscuous of network ground was changed from false to true',
      'Network ground was deleted',
    ],
  );
});

test('an adapter is plugged into another network while its vm runs, and its cable in and out', async () => {
  const one = await create({ name: 'left', type: 'internal' });
  const other = await create({ name: 'right', type: 'internal' });
  await stage.act('POST', '/vms', { name: 'plug', network: 'left', start: true });
  assert.deepEqual(adapterOf(stage.vm('plug'))?.attachment, { kind: 'network', network: one.id });
  const attachment = { kind: 'network', network: 'right' };
  const moved = await stage.act('PATCH', '/vms/plug/adapters/0', { attachment });
  assert.deepEqual([moved.state, moved.result?.['live']], ['done', true]);
  const out = await stage.act('PATCH', '/vms/plug/adapters/0', { link: 'down' });
  assert.equal(out.state, 'done');
  const adapter = adapterOf(stage.vm('plug'));
  assert.deepEqual(
    [adapter?.attachment, adapter?.link],
    [{ kind: 'network', network: other.id }, 'down'],
  );
  assert.deepEqual(stage.vm('plug')?.status.pending, []);
  assert.equal((await refused('PATCH', '/vms/plug/adapters/7', { link: 'up' })).status, 404);
});

test('a host that comes back is told of the networks that were made while it was away', async () => {
  const agent = await stage.addHost('h2');
  await agent.end();
  const { id } = await create({ name: 'meanwhile', type: 'internal' });
  agent.run();
  await stage.until(() => stage.host('h2')?.status === 'ready', 'h2 is back');
  await stage.act('POST', '/vms', { name: 'late', host: 'h2', network: 'meanwhile' });
  await stage.until(
    () => stage.coordinator.inventory.networkReports(id).size === 1,
    'it carries the network',
  );
  assert.equal((await stage.act('POST', '/vms/late/actions/turn-on', {})).state, 'done');
});

test('networks are made and changed only with the right, and seen by every user', async () => {
  const token = await stage.addUser('guest');
  const denied = await stage.send('POST', '/networks', { token, body: { name: 'mine' } });
  assert.equal(denied.status, 403);
  assert.equal((await stage.send('DELETE', '/networks/one', { token })).status, 403);
  assert.equal((await stage.send('GET', '/networks/one', { token })).status, 200);
});

test('MAC addresses are given with the prefix of the installation, each once in it', async () => {
  const wrong = await refused('PATCH', '/installation', { macPrefix: '01:02:03' });
  assert.match(wrong.detail, /locally administered/);
  const set = await stage.send('PATCH', '/installation', { body: { macPrefix: '06:0a:0b' } });
  assert.equal(set.status, 200, set.text);
  await stage.act('POST', '/vms', { name: 'numbered' });
  const { mac = '' } = adapterOf(stage.vm('numbered')) ?? {};
  assert.match(mac, /^06:0a:0b:/);
  await stage.act('POST', '/vms', { name: 'second' });
  const taken = await refused('POST', '/vms/second/adapters', { mac });
  assert.equal(taken.status, 409);
});

test('what is said of who can read whose traffic follows the configuration', async () => {
  const readsOf = ({ isolation }: Network, reader: string, traffic: string) =>
    isolation.find((line) => line.reader === reader && line.traffic === traffic)?.reads;
  const closed = await create({ name: 'quiet', type: 'internal' });
  assert.equal(readsOf(closed, 'guests', 'between'), 'addressed');
  assert.deepEqual(
    closed.isolation.filter(({ reader, reads }) => reader !== 'guests' && reads !== 'nothing'),
    [],
  );
  await stage.send('PATCH', '/networks/quiet', { body: { promiscuous: true } });
  assert.equal(readsOf(await show('quiet'), 'guests', 'between'), 'all');
  const lan = await create({ name: 'wire', type: 'bridged', adapter: 'eno7' });
  assert.deepEqual(
    [
      readsOf(lan, 'host', 'outside'),
      readsOf(lan, 'host', 'between'),
      readsOf(lan, 'guests', 'host'),
    ],
    ['all', 'broadcasts', 'nothing'],
  );
});

test('the ports of a network are those of running vms that the caller may see', async () => {
  await create({ name: 'busy', type: 'internal' });
  await stage.act('POST', '/vms', { name: 'plugged', network: 'busy', start: true });
  await stage.act('POST', '/vms', { name: 'resting', network: 'busy' });
  const ports = async (more: object = {}) =>
    (await stage.send('GET', '/networks/busy/ports', more)).json as NetworkPorts;
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.vmsToNumber().size === 0, 'all ports have numbers');
  const { items, unreachable } = await ports();
  assert.deepEqual(
    items.map(({ vm, slot, link, number }) => [vm.name, slot, link, number]),
    [['plugged', 0, 'up', 1]],
  );
  assert.deepEqual(unreachable, []);
  const token = await stage.addUser('passer-by');
  assert.deepEqual((await ports({ token })).items, []);
});

test('NET-46 a network that is missing, an adapter that cannot be initialised, a network in error and a host that serves none are four events', async () => {
  const { id } = await create({ name: 'wired', type: 'bridged', adapter: 'eno1' });
  await using host = await FakeAgent.join(stage, 'h46');
  host.handlers['network.configure'] = () => ({});
  const definition = makeDefinition('unlucky');
  await host.connect([makeRecord(definition, 1)]);
  const reason = 'the host has no adapter eno1';
  const reasons = [{ code: 'adapter-missing', text: reason }];
  host.send({
    type: 'networks',
    networks: [{ id, state: 'down', reasons, bridge: null, seen: [] }],
  });
  const vmId = definition.id;
  host.sendEvents(
    { seq: 1, name: 'vm.network-missing', vmId, attributes: { adapter: '0', network: 'lost' } },
    { seq: 2, name: 'vm.adapter-failed', vmId, attributes: { adapter: '1', reason } },
    { seq: 3, name: 'host.network-service-failed', attributes: { reason: 'nft: not found' } },
  );
  await host.until((message) => message.type === 'ack' && message.lastEventSeq === 3);
  const { json } = await stage.send('GET', '/events?filter=category=Network&limit=100');
  const told = (json as Page<Event>).items.map(({ name, target, message }) => [
    name,
    target.kind,
    message,
  ]);
  for (const expected of [
    ['vm.network-missing', 'vm', 'The network lost of adapter 0 of unlucky does not exist'],
    ['vm.adapter-failed', 'vm', `Network adapter 1 of unlucky cannot be initialised: ${reason}`],
    ['network.failed', 'network', `Network wired is down on host h46: ${reason}`],
    ['host.network-service-failed', 'host', 'The networks of h46 cannot be served: nft: not found'],
  ])
    assert.deepEqual(
      told.filter(([name]) => name === expected[0]),
      [expected],
    );
});

test('NET-23 DHCP of a bridged network is off, and switched on only by who accepts what is at stake', async () => {
  const { id } = await create({ name: 'street', type: 'bridged', adapter: 'eno1' });
  assert.equal((await show('street')).ipv4, null);
  const subnet = '192.0.2.0/24';
  const dhcp = { first: '192.0.2.200', last: '192.0.2.220' };
  const guessed = await refused('PATCH', '/networks/street', { ipv4: { subnet } });
  assert.match(guessed.detail, /ipv4\/service: is that of the physical network/);
  const body = { ipv4: { subnet, service: '192.0.2.199', dhcp } };
  const risky = await refused('PATCH', '/networks/street', body);
  assert.deepEqual(
    [risky.status, risky.code, risky.reasons?.map(({ code }) => code)],
    [409, 'refused', ['physical-dhcp']],
  );
  const another = { name: 'street2', type: 'bridged', adapter: 'eno2', ...body };
  assert.equal((await refused('POST', '/networks', another)).code, 'refused');
  const accept = '?accept=physical-dhcp';
  const changed = await stage.send('PATCH', `/networks/street${accept}`, { body });
  const { ipv4 } = changed.json as Network;
  assert.deepEqual(
    [ipv4?.dhcp?.first, ipv4?.gateway, ipv4?.service],
    [dhcp.first, null, '192.0.2.199'],
  );
  const range = { ipv4: { ...body.ipv4, dhcp: { ...dhcp, last: '192.0.2.230' } } };
  assert.equal((await stage.send('PATCH', '/networks/street', { body: range })).status, 200, 'on');
  await stage.act('POST', '/vms', { name: 'walker', host: 'h1', network: 'street' });
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.document('span', id) !== undefined, 'one host serves');
  assert.equal((await show('street')).service?.hostName, 'h1');
});

test('an import plugs adapters into the networks that are named, however they are named', async () => {
  const { id } = await create({ name: 'harbour', type: 'internal' });
  await using host = await FakeAgent.join(stage, 'h50');
  const adapter = {
    model: 'e1000',
    mac: null,
    macOrigin: 'generated' as const,
    network: 'theirs',
  };
  const machine = { ...foreignMachine('/srv/boat.vmx'), adapters: [adapter, adapter] };
  host.handlers['machine.read-foreign'] = () => ({ machine });
  host.handlers['machine.plan'] = () => ({ ok: true, reasons: [], warnings: [] });
  host.handlers['network.configure'] = () => ({});
  await host.connect([]);
  const body = { host: 'h50', file: '/srv/boat.vmx', name: 'boat', networks: ['harbour', id] };
  const { json, text } = await stage.send('POST', '/vms/import?dryRun=true', { body });
  const told = (json as DryRun).warnings.find(({ code }) => code === 'adapters-share-network');
  assert.match(told?.text ?? text, /^adapters 0, 1 are all in network harbour/);
  const lost = await refused('POST', '/vms/import', { ...body, networks: ['nowhere'] });
  assert.match(lost.detail, /there is no network nowhere/);
});

test('CMP-04 names of networks there are networks here by a table, which is kept for further imports', async () => {
  await create({ name: 'quay', type: 'internal' });
  await create({ name: 'yard', type: 'internal' });
  await using host = await FakeAgent.join(stage, 'h51');
  const at = (network: string) => ({
    model: 'e1000',
    mac: null,
    macOrigin: 'generated' as const,
    network,
  });
  const adapters = [at('VM Network'), at('a=b'), at('unknown')];
  const machine = { ...foreignMachine('/srv/boat.vmx'), adapters };
  host.handlers['machine.read-foreign'] = () => ({ machine });
  host.handlers['machine.plan'] = () => ({ ok: true, reasons: [], warnings: [] });
  host.handlers['network.configure'] = () => ({});
  host.handlers['machine.create'] = ({ definition }) => ({
    report: makeRecord(definition, 1).report,
  });
  await host.connect([]);
  const findings = async (more: object): Promise<string> => {
    const body = { host: 'h51', file: '/srv/boat.vmx', name: 'ship', ...more };
    const { json, text } = await stage.send('POST', '/vms/import?dryRun=true', { body });
    const told = (json as DryRun).findings ?? assert.fail(text);
    return told.map((one) => `${one.text}; ${one.remedy}`).join('\n');
  };
  const networkNames = ['VM Network=quay', 'a=b=yard'];
  const plain = await findings({});
  assert.match(plain, /network VM Network: adapter 0 is in the user-mode network instead; .*--map/);
  const mapped =
    /network VM Network: adapter 0 is in network quay[^]*network a=b: adapter 1 is in network yard[^]*network unknown: adapter 2 is in the user-mode/;
  assert.match(await findings({ networkNames }), mapped);
  assert.doesNotMatch(
    await findings({}),
    mapped,
    'a dry run, and one that is not to be kept, keep nothing',
  );
  const body = { host: 'h51', file: '/srv/boat.vmx', name: 'ship' };
  const done = await stage.act('POST', '/vms/import', {
    ...body,
    networkNames,
    rememberNetworks: true,
  });
  assert.equal(done.state, 'done', JSON.stringify(done.fault));
  assert.match(await findings({ name: 'boat' }), mapped, 'kept');
  const over = await findings({ name: 'boat', networkNames: ['VM Network=none'] });
  assert.match(over, /adapter 0 is in no network/);
  assert.match(over, /adapter 1 is in network yard/);
});

test('NET-37 a bridged network is warned of where the host balances load at its adapter, which does not reach vms', async () => {
  const [known] = stage.coordinator.inventory.documents<HostDocument>('host');
  const facts = known?.data.facts;
  assert.ok(facts);
  await using host = await FakeAgent.join(stage, 'h37');
  host.handlers['network.configure'] = () => ({});
  const at = (name: string, balanced: string[]) => ({
    name,
    kind: 'bridge' as const,
    mac: null,
    addresses: ['192.0.2.80/24'],
    balanced,
  });
  const interfaces = [at('br7', ['192.0.2.80']), at('br8', [])];
  await host.connect([], { facts: { ...facts, interfaces } });
  const { warnings } = await create({ name: 'balanced', type: 'bridged', adapter: 'br7' });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['host-balances-load'],
  );
  assert.match(
    warnings[0]?.text ?? '',
    /^host h37 balances the load of 192\.0\.2\.80 at br7 .* does not reach vms/,
  );
  const plain = await create({ name: 'unbalanced', type: 'bridged', adapter: 'br8' });
  assert.deepEqual(plain.warnings, []);
});

test('NET-48 a vm tagged test on a network tagged production is warned of, wherever it comes about and while it is so', async () => {
  const { id } = await create({ name: 'live', type: 'internal', tags: ['Production'] });
  await create({ name: 'bench', type: 'internal', tags: ['test'] });
  const text = 'its adapter 0 is on network live, which is tagged production';
  const plug = async (network: string) => {
    const { state, result } = await stage.act('PATCH', '/vms/trial/adapters/0', {
      attachment: { kind: 'network', network },
    });
    assert.equal(state, 'done');
    return JSON.stringify(result?.['warnings'] ?? null);
  };
  const created = await stage.act('POST', '/vms', {
    name: 'trial',
    network: 'live',
    definition: { tags: ['test'] },
  });
  assert.ok(JSON.stringify(created.result?.['warnings']).includes(text));
  assert.equal(await plug('bench'), 'null');
  assert.ok((await plug('live')).includes(text));
  // One more adapter, in a network of its own kind: nothing is told again.
  const besides = { attachment: { kind: 'network', network: 'bench' } };
  await stage.act('POST', '/vms/trial/adapters', besides);
  const shown = (await stage.send('GET', '/vms/trial/adapters')).json as { items: AdapterState[] };
  assert.deepEqual(
    shown.items.map(({ warnings }) => warnings.map(({ code }) => code)),
    [['environment-mixed'], []],
  );
  const check = (await stage.send('POST', '/vms/trial/check')).text;
  assert.ok(check.includes(text), check);
  const ofNetwork = async () => (await show('live')).warnings.map((one) => one.text);
  assert.deepEqual(await ofNetwork(), [
    'the network is tagged production, and 1 adapter of a vm tagged test is on it',
  ]);
  await stage.send('PATCH', '/networks/live', { body: { tags: [] } });
  assert.deepEqual(await ofNetwork(), []);
  const changed = await stage.send('PATCH', '/networks/live', { body: { tags: ['production'] } });
  assert.equal((changed.json as Network).warnings.length, 1, changed.text);
  const events = async (target: string) => {
    const filter = `name : environment-mixed AND target.id = ${target}`;
    const path = `/events?filter=${encodeURIComponent(filter)}&sort=seq`;
    return ((await stage.send('GET', path)).json as Page<Event>).items.map((one) => one.message);
  };
  const told = 'Virtual machine trial, tagged test, is on network live, tagged production';
  assert.deepEqual(await events(stage.vm('trial')?.id ?? ''), [told, told]);
  assert.deepEqual(await events(id), [
    'Network live, tagged production, has adapters of vms tagged test: 1',
  ]);
  const retagged = await stage.act('PATCH', '/vms/trial', { tags: ['test', 'production'] });
  assert.equal(retagged.result?.['warnings'], undefined);
  assert.deepEqual(await ofNetwork(), []);
});

test('NET-39 virtual adapters, virtual networks and VLANs are seen and managed through the API', async () => {
  const body = { name: 'floor-3', type: 'bridged', adapter: 'eno1', vlan: 120 };
  const { id } = await create(body);
  assert.equal((await show('floor-3')).vlan, 120);
  const changed = await stage.send('PATCH', '/networks/floor-3', { body: { vlan: 121 } });
  assert.equal((changed.json as Network).vlan, 121, changed.text);
  await stage.act('POST', '/vms', { name: 'tagged', network: 'none' });
  const attachment = { kind: 'network', network: 'floor-3' };
  await stage.act('POST', '/vms/tagged/adapters', { attachment, model: 'e1000' });
  const list = async () =>
    (await stage.send('GET', '/vms/tagged/adapters')).json as { items: AdapterState[] };
  const [seen] = (await list()).items;
  assert.deepEqual(
    [seen?.slot, seen?.network, seen?.attachment],
    [0, { id, name: 'floor-3' }, 'network'],
  );
  const vlans = [{ first: 200, last: 210 }];
  await stage.act('PATCH', '/vms/tagged/adapters/0', { link: 'down', vlans });
  const adapter = adapterOf(stage.vm('tagged'));
  assert.deepEqual(
    [adapter?.model, adapter?.link, adapter?.vlans, (await show('floor-3')).adapters],
    ['e1000', 'down', vlans, 1],
  );
  await stage.act('DELETE', '/vms/tagged/adapters/0');
  assert.deepEqual((await list()).items, []);
  assert.equal((await stage.send('DELETE', '/networks/floor-3')).status, 204);
});
