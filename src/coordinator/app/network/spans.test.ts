/** Networks that span hosts: what the agents of two hosts are told of one, and where it is served. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  adapterSchema,
  profiles,
  type CoordinatorMessage,
  type Event,
  type HostLease,
  type LinkParams,
  type MachineRecord,
  type Network,
  type NetworkLeases,
  type Page,
  type SpanStanding,
} from '#api';
import { FakeAgent, makeDefinition, makeRecord } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
let network: Network;
before(async () => {
  stage = await Stage.open({ times: { graceMs: 50, serviceGraceMs: 300 } });
  const body = { name: 'wide', type: 'nat', ipv4: { subnet: '10.9.0.0/24' }, span: {} };
  const { json, text } = await stage.send('POST', '/networks', { body });
  network = json as Network;
  assert.equal(network.kind, 'network', text);
});
after(() => stage[Symbol.asyncDispose]());

function vmRecord(name: string, mac: string): MachineRecord {
  const adapter = adapterSchema.parse({
    slot: 0,
    model: 'virtio',
    mac,
    macMode: 'static',
    attachment: { kind: 'network', network: network.id },
  });
  const hardware = { ...profiles.modern.hardware, adapters: [adapter] };
  return makeRecord(makeDefinition(name, { hardware }));
}

async function join(name: string): Promise<FakeAgent> {
  const agent = await FakeAgent.join(stage, name);
  agent.handlers['network.configure'] = () => ({});
  return agent;
}

/** Of the network, as the agent is told with the message; undefined for another one. */
function standingIn(message: CoordinatorMessage): SpanStanding | undefined {
  if (message.type !== 'call' || message.method !== 'network.configure') return undefined;
  return (message.params as LinkParams<'network.configure'>).spans[0];
}

async function untilStanding(
  agent: FakeAgent,
  holds: (standing: SpanStanding) => boolean,
): Promise<SpanStanding> {
  const message = await agent.until((one) => {
    const found = standingIn(one);
    return found !== undefined && holds(found);
  });
  return standingIn(message) as SpanStanding;
}

const lease: HostLease = {
  address: '10.9.0.30',
  mac: '52:47:59:00:00:01',
  hostName: 'one',
  startsAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2036-01-01T00:00:00.000Z',
};

test('NET-41 every host of a network is told who else has vms on it, where, and who serves', async () => {
  await using ada = await join('ada');
  await using bob = await join('bob');
  const one = vmRecord('one', '52:47:59:00:00:01');
  const two = vmRecord('two', '52:47:59:00:00:02');
  await ada.connect([one], { address: '192.0.2.1' });
  const alone = await untilStanding(ada, ({ service }) => service === ada.hostId);
  assert.deepEqual([alone.peers, alone.term, alone.address], [[], 1, '192.0.2.1']);
  await bob.connect([two], { address: '192.0.2.2' });
  const ofAda = await untilStanding(ada, ({ peers }) => peers.length === 1);
  assert.deepEqual(ofAda.peers, [
    {
      host: bob.hostId,
      name: 'bob',
      address: '192.0.2.2',
      adapters: [{ mac: '52:47:59:00:00:02', vmName: 'two' }],
    },
  ]);
  const ofBob = await untilStanding(bob, ({ peers }) => peers.length === 1);
  assert.deepEqual([ofBob.service, ofBob.term, ofBob.leases], [ada.hostId, 1, []]);
  const shown = (await stage.send('GET', '/networks/wide')).json as Network;
  assert.deepEqual(shown.service, { host: ada.hostId, hostName: 'ada' });

  ada.send({ type: 'leases', network: network.id, leases: [lease] });
  await stage.until(
    () => JSON.stringify(stage.coordinator.inventory.document('span', network.id)).includes('.30'),
    'the lease is known',
  );
  const leases = async (): Promise<NetworkLeases> =>
    (await stage.send('GET', '/networks/wide/leases')).json as NetworkLeases;
  const listed = await leases();
  assert.deepEqual(
    listed.items.map(({ address, host, vm, expiresAt }) => [address, host, vm?.name, expiresAt]),
    [[lease.address, 'ada', 'one', lease.expiresAt]],
  );
  // Who guards senders knows what its own vms were leased elsewhere, and nothing of others.
  const others = { ...lease, address: '10.9.0.31', mac: '52:47:59:00:00:02' };
  ada.send({ type: 'leases', network: network.id, leases: [lease, others] });
  const guard = (ipSourceGuard: boolean) =>
    stage.send('PATCH', '/networks/wide', { body: { ipSourceGuard } });
  assert.equal((await guard(true)).status, 200);
  const guarded = await untilStanding(bob, ({ leased }) => leased.length > 0);
  assert.deepEqual(guarded.leased, [{ mac: others.mac, address: others.address }]);
  const lastTold = (agent: FakeAgent): SpanStanding | undefined => {
    const params = agent.calls('network.configure').at(-1)?.params;
    return (params as LinkParams<'network.configure'> | undefined)?.spans[0];
  };
  assert.deepEqual(lastTold(ada)?.leased, [], 'it has leased them itself');
  assert.equal((await guard(false)).status, 200);
  assert.deepEqual(lastTold(bob)?.leased, [], 'nobody asks whose they are');
  ada.send({ type: 'leases', network: network.id, leases: [lease] });
  await stage.until(
    () => !JSON.stringify(stage.coordinator.inventory.document('span', network.id)).includes('.31'),
    'the other lease is over',
  );
  await ada.close();
  const moved = await untilStanding(bob, ({ service }) => service === bob.hostId);
  assert.deepEqual([moved.term, moved.leases], [2, [lease]]);
  assert.equal(moved.peers[0]?.name, 'ada');
  const { json } = await stage.send('GET', `/events?filter=name=network.service-moved`);
  assert.deepEqual(
    (json as Page<Event>).items.map(({ message }) => message),
    ['The service of network wide moved from host ada to host bob'],
  );

  await ada.connect([one], { address: '192.0.2.1' });
  // Leases of a host that serves no more are not those of the next one.
  ada.send({ type: 'leases', network: network.id, leases: [] });
  const back = await untilStanding(ada, ({ term }) => term === 2);
  assert.deepEqual([back.service, back.leases], [bob.hostId, []]);
  assert.match(
    JSON.stringify(stage.coordinator.inventory.document('span', network.id)),
    /10\.9\.0\.30/,
  );

  const release = (address: string) => stage.send('DELETE', `/networks/wide/leases/${address}`);
  assert.equal((await release('10.9.0.77')).status, 404);
  bob.send({ type: 'leases', network: network.id, leases: [lease] });
  await stage.until(
    () => stage.coordinator.inventory.networkLeases(network.id).has(bob.hostId),
    'bob has told',
  );
  bob.handlers['network.release'] = () => ({});
  assert.equal((await release(lease.address)).status, 204);
  assert.deepEqual(bob.calls('network.release')[0]?.params, {
    id: network.id,
    address: lease.address,
  });
});

test('a vm is behind the host that it is found on', async () => {
  await using eve = await join('eve');
  await using tom = await join('tom');
  const mac = '52:47:59:00:00:05';
  const stays = vmRecord('stays', '52:47:59:00:00:06');
  await eve.connect([stays], { address: '192.0.2.5' });
  const moves = vmRecord('moves', mac);
  await tom.connect([moves], { address: '192.0.2.6' });
  const behind = ({ peers }: SpanStanding, host: FakeAgent): boolean =>
    peers.some((peer) => peer.host === host.hostId && peer.adapters.some((one) => one.mac === mac));
  await untilStanding(eve, (found) => behind(found, tom));
});

test('a host has the address that is set, else the one it comes from, else the only one it has', async () => {
  await using may = await join('may');
  await may.connect([vmRecord('three', '52:47:59:00:00:07')], { address: '127.0.0.1' });
  const none = await untilStanding(may, () => true);
  assert.equal(none.address, null);
  const wrong = { settings: { spanAddress: 'x' } };
  assert.equal((await stage.send('PATCH', '/hosts/may', { body: wrong })).status, 400);
  may.handlers['host.configure'] = () => ({});
  const body = { settings: { spanAddress: '192.0.2.77' } };
  const set = await stage.send('PATCH', '/hosts/may', { body });
  assert.equal(set.status, 200, set.text);
  await untilStanding(may, ({ address }) => address === '192.0.2.77');
});

test('a span is of internal and nat networks, and its number is its own', async () => {
  const create = async (body: object): Promise<string> =>
    (await stage.send('POST', '/networks', { body })).text;
  assert.match(await create({ name: 'h', type: 'host-only', span: {} }), /is about one host/);
  const bridged = { name: 'b', type: 'bridged', adapter: 'br0', span: {} };
  assert.match(await create(bridged), /spans hosts by the physical network/);
  const taken = { name: 'c', type: 'internal', span: { vni: network.span?.vni } };
  assert.match(await create(taken), /span\/vni: is that of network wide/);
  const changed = await stage.send('PATCH', '/networks/wide', { body: { span: null } });
  assert.equal(changed.status, 400);
});
