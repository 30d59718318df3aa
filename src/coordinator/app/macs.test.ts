/** MAC addresses through the API: given, entered, and brought along by a host that comes with vms of its own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { adapterSchema, profiles, type Event, type Page, type StartCheck, type Vm } from '#api';
import { isFault } from '#lib';
import { FakeAgent, facts, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';
import { giveMac, makeMac, usedMacs } from './macs.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
  await createNetwork('lan', { type: 'bridged', adapter: 'eno1' });
  await createNetwork('inner', { type: 'internal' });
});
after(() => stage[Symbol.asyncDispose]());

async function createNetwork(name: string, more: object): Promise<void> {
  const { status, text } = await stage.send('POST', '/networks', { body: { name, ...more } });
  assert.equal(status, 200, text);
}

const adaptersOf = (name: string): Vm['definition']['hardware']['adapters'] =>
  stage.vm(name)?.definition.hardware.adapters ?? [];

async function act(method: string, path: string, body?: object): Promise<void> {
  const { state, fault } = await stage.act(method, path, body);
  assert.equal(state, 'done', JSON.stringify(fault));
}

async function refused(status: number, method: string, path: string, body: object) {
  const answer = await stage.send(method, path, { body });
  assert.equal(answer.status, status, answer.text);
  return answer.text;
}

test('an address has the prefix of the installation, is unicast and unique', () => {
  const used = new Set<string>();
  for (let run = 0; run < 1000; run += 1) {
    const mac = makeMac('52:47:59', used);
    assert.match(mac, /^52:47:59(:[0-9a-f]{2}){3}$/);
  }
  assert.equal(used.size, 1000);
});

test('when no address is free, that is said', () => {
  const always = (count: number): Uint8Array => new Uint8Array(count);
  const used = new Set<string>();
  makeMac('52:47:59', used, always);
  assert.throws(
    () => makeMac('52:47:59', used, always),
    (error) => isFault(error, 'exhausted'),
  );
});

test('NET-28 an address is generated or entered, kept for the life of the adapter, and looked at for form and uniqueness', async () => {
  await act('POST', '/vms', { name: 'one', network: 'inner' });
  await act('POST', '/vms', { name: 'two', network: 'inner' });
  const [given] = adaptersOf('one');
  assert.match(given?.mac ?? '', /^52:47:59:/);
  assert.equal(given?.macMode, 'dynamic');
  await act('PATCH', '/vms/one', { name: 'uno', hardware: { memory: { sizeBytes: 2 ** 28 } } });
  await act('POST', '/vms/uno/actions/turn-on');
  await act('PATCH', '/vms/uno/adapters/0', { attachment: { kind: 'none' }, link: 'down' });
  await act('POST', '/vms/uno/actions/turn-off');
  assert.equal(adaptersOf('uno')[0]?.mac, given?.mac);

  const mac = '02:00:5e:10:00:01';
  await act('POST', '/vms/two/adapters', { mac });
  assert.deepEqual([adaptersOf('two')[1]?.mac, adaptersOf('two')[1]?.macMode], [mac, 'static']);
  await act('PATCH', '/vms/two/adapters/0', { mac: '02:00:5e:10:00:02' });
  assert.deepEqual(
    adaptersOf('two').map(({ mac: own, macMode }) => [own, macMode]),
    [
      ['02:00:5e:10:00:02', 'static'],
      [mac, 'static'],
    ],
  );
  for (const wrong of [
    '02:00:5E:10:00:03',
    '02-00-5e-10-00-03',
    '02:00:5e:10:00',
    '01:00:5e:10:00:03',
    '00:00:00:00:00:00',
  ])
    await refused(400, 'POST', '/vms/two/adapters', { mac: wrong });
  for (const [method, path, body] of [
    ['POST', '/vms/uno/adapters', { mac }],
    ['PATCH', '/vms/uno/adapters/0', { mac }],
    ['PATCH', '/vms/uno', { hardware: { adapters: [{ ...given, mac }] } }],
    ['POST', '/vms', { name: 'uno', definition: { hardware: { adapters: [{ ...given, mac }] } } }],
  ] as const)
    assert.match(
      await refused(409, method, path, path === '/vms' ? { ...body, name: 'three' } : body),
      /two has the MAC address 02:00:5e:10:00:01, so (uno|three) cannot have it/,
    );
  await act('PATCH', '/vms/two/adapters/1', { macMode: 'dynamic' });
  assert.match(adaptersOf('two')[1]?.mac ?? '', /^52:47:59:/);
  await act('POST', '/vms/uno/adapters', { mac });
});

test('an operation that adds an adapter tells its slot', async () => {
  await act('POST', '/vms', { name: 'slots', network: 'inner' });
  const { result } = await stage.act('POST', '/vms/slots/adapters', { slot: 5 });
  assert.equal(result?.['slot'], 5);
  const next = await stage.act('POST', '/vms/slots/adapters', {});
  assert.equal(next.result?.['slot'], 1);
});

test('nobody is told the name of a vm that they may not see', async () => {
  const { json } = await stage.send('POST', '/folders', { body: { name: 'own' } });
  assert.ok(json);
  const token = await stage.addUser('guest', [
    { role: 'vm-administrator', objectKind: 'folder', object: '/own' },
  ]);
  await act('POST', '/vms', { name: 'theirs', folder: '/own', network: 'none' });
  const body = { mac: adaptersOf('two')[0]?.mac };
  const { status, text } = await stage.send('POST', '/vms/theirs/adapters', { body, token });
  assert.deepEqual([status, /another vm has the MAC address/.test(text)], [409, true], text);
});

test('NET-27 an address that is given is no vm’s, no adapter’s of a host, and was not seen on a physical network', async () => {
  const { inventory } = stage.coordinator;
  await using host = await FakeAgent.join(stage, 'h3');
  host.handlers['network.configure'] = () => ({});
  const [here, onHost, outside] = ['52:47:59:00:00:00', '52:47:59:01:01:01', '52:47:59:02:02:02'];
  await act('POST', '/vms', { name: 'mine', network: 'none' });
  await act('POST', '/vms/mine/adapters', { mac: here });
  const at = { name: 'eno1', kind: 'adapter', mac: onHost, addresses: [] as string[] } as const;
  await host.connect([], { facts: { ...facts, interfaces: [at] } });
  const id = inventory.find('network', 'lan')?.id ?? '';
  const ready = { state: 'ready' as const, reasons: [], bridge: 'gbr0' };
  host.send({ type: 'networks', networks: [{ id, ...ready, seen: [outside] }] });
  await stage.until(() => inventory.networkReports(id).has(host.hostId), 'it has told');
  let next = 0;
  const counting = (): Uint8Array => Uint8Array.from([next, next, next++]);
  assert.equal(giveMac(inventory, usedMacs(inventory), counting), '52:47:59:03:03:03');
});

test('NET-29 a vm does not start while another one with its MAC address runs on a connected network, and both are named', async () => {
  const shared = '02:00:5e:10:00:07';
  const { inventory } = stage.coordinator;
  const bridged = (mac: string) =>
    adapterSchema.parse({
      slot: 0,
      model: 'virtio',
      mac,
      macMode: 'static',
      attachment: { kind: 'network', network: inventory.find('network', 'lan')?.id },
    });
  await act('POST', '/vms', { name: 'here', network: 'lan' });
  await act('PATCH', '/vms/here/adapters/0', { mac: shared });
  await using other = await FakeAgent.join(stage, 'h2');
  other.handlers['network.configure'] = () => ({});
  const hardware = { ...profiles.modern.hardware, adapters: [bridged(shared)] };
  const there = makeDefinition('there', { hardware });
  const running = { state: 'running', startedAt: '2026-01-01T00:00:00.000Z' } as const;
  const at = {
    name: 'eno1',
    kind: 'adapter',
    mac: '02:00:5e:99:00:01',
    addresses: [] as string[],
  } as const;
  await other.connect([makeRecord(there, 1, running)], { facts: { ...facts, interfaces: [at] } });
  const { json } = await stage.send('GET', `/events?filter=name=vm.conflict`);
  assert.match(
    (json as Page<Event>).items[0]?.message ?? '',
    /there and here have the same MAC address 02:00:5e:10:00:07/,
  );
  const check = async (): Promise<StartCheck> =>
    (await stage.send('POST', '/vms/here/check', { body: {} })).json as StartCheck;
  const { ok, reasons } = await check();
  assert.equal(ok, false);
  const said = `network adapter 0 of here has the MAC address ${shared}, which there runs with`;
  assert.deepEqual(
    reasons.map(({ code, text }) => [code, text]),
    [['mac-in-use', said]],
  );
  const { state, fault } = await stage.act('POST', '/vms/here/actions/turn-on');
  assert.deepEqual([state, fault?.code], ['failed', 'blocked']);
  assert.match(fault?.message ?? '', /of here has the MAC address .*, which there runs with/);

  await act('PATCH', '/vms/here/adapters/0', { attachment: { kind: 'network', network: 'inner' } });
  assert.equal((await check()).ok, true, 'an internal network of another host is another cable');
  await act('POST', '/vms/here/actions/turn-on');
  const back = { attachment: { kind: 'network', network: 'lan' } };
  assert.match(
    await refused(409, 'PATCH', '/vms/here/adapters/0', back),
    /cannot plug in here: .* which there runs with/,
  );
  const taken = await refused(409, 'POST', '/vms/here/adapters', { mac: at.mac });
  assert.match(taken, /eno1 of host h2 has the MAC address 02:00:5e:99:00:01/);
});
