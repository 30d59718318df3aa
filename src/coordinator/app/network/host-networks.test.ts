/** What hosts hear of networks, of which an installation has any number. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  adapterSchema,
  networkSpecSchema,
  profiles,
  type CoordinatorMessage,
  type Event,
  type LinkParams,
  type Network,
  type Page,
} from '#api';
import { networkDocumentSchema } from '../../documents.ts';
import type { Write } from '../../store/store.ts';
import { facts, FakeAgent, makeDefinition, makeRecord } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

const count = 20_000;
const atOnce = 2_000;
const ids = Array.from({ length: count }, () => randomUUID());
const idOf = (number: number): string => ids[number] ?? '';

let stage: Stage;
let host: FakeAgent;
before(async () => {
  stage = await Stage.open();
  for (let at = 0; at < count; at += atOnce)
    await stage.coordinator.commit({ writes: ids.slice(at, at + atOnce).map(networkWrite(at)) });
  host = await FakeAgent.join(stage, 'ada');
  host.handlers['network.configure'] = () => ({});
  host.handlers['machine.adapter.change'] = () => ({ live: false });
  host.handlers['machine.configure'] = ({
    definition,
    definitionVersion,
  }: LinkParams<'machine.configure'>) => ({
    report: makeRecord(definition, definitionVersion).report,
  });
});
after(async () => {
  await host[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const networkWrite =
  (from: number) =>
  (id: string, index: number): Write => {
    const network = { name: `net-${from + index}`, type: 'internal', ipv4: null };
    const { id: _, ...data } = networkSpecSchema.parse({ id, ...network });
    return { kind: 'network', id, data: networkDocumentSchema.parse(data) };
  };

const definition = makeDefinition('one', {
  hardware: {
    ...profiles.modern.hardware,
    adapters: [
      adapterSchema.parse({
        slot: 0,
        model: 'virtio',
        mac: '52:47:59:00:00:01',
        macMode: 'static',
        attachment: { kind: 'network', network: idOf(7) },
      }),
    ],
  },
});

/** Names of the networks that a message tells of; undefined for another message. */
function toldIn(message: CoordinatorMessage | undefined): readonly string[] | undefined {
  if (message?.type !== 'call' || message.method !== 'network.configure') return undefined;
  const { networks } = message.params as LinkParams<'network.configure'>;
  return networks.map(({ name }) => name).sort();
}

const untilTold = (...names: readonly string[]): Promise<CoordinatorMessage> =>
  host.until((message) => toldIn(message)?.join() === names.join());

const patch = async (name: string, body: object): Promise<void> => {
  const { status, text } = await stage.send('PATCH', `/networks/${name}`, { body });
  assert.equal(status, 200, text);
};

test('NET-08 of any number of networks a host hears of those alone that its vms are on', async () => {
  await host.connect([makeRecord(definition, 1)], { networks: [idOf(7), idOf(9)] });
  // What a machine runs with concerns the host as what it is defined with does.
  await untilTold('net-7', 'net-9');
  const { json } = await stage.send('GET', '/networks?limit=50&sort=-name');
  const page = json as Page<Network>;
  assert.deepEqual([page.total, page.items.length, page.items[0]?.name], [count, 50, 'net-19999']);
  const one = (await stage.send('GET', '/networks/net-7')).json as Network;
  assert.equal(one.adapters, 1);
});

test('a change is told to a host that it concerns, before it is answered, and to no other one', async () => {
  const before = host.calls('network.configure').length;
  await patch('net-8', { description: 'of no concern' });
  await patch('net-7', { description: 'of concern' });
  const calls = host.calls('network.configure').slice(before);
  assert.deepEqual(calls.map(toldIn), [['net-7', 'net-9']]);
  assert.ok(JSON.stringify(calls).includes('of concern'));
});

test('a host hears of a network before it is asked for a vm that is on it', async () => {
  const attachment = { kind: 'network', network: 'net-12' };
  const { state, fault } = await stage.act('PATCH', '/vms/one/adapters/0', { attachment });
  assert.deepEqual([state, fault], ['done', null]);
  const heard = host.received.findIndex((one) => toldIn(one)?.includes('net-12') === true);
  const asked = host.received.findIndex(
    (one) => one.type === 'call' && one.method === 'machine.adapter.change',
  );
  assert.ok(heard !== -1 && asked !== -1 && heard < asked, `${heard}, ${asked}`);
});

test('a bridged network whose adapter no host has is down from the start, and says which adapters there are', async () => {
  const add = async (name: string, adapter: string): Promise<Network> => {
    const body = { name, type: 'bridged', adapter };
    const { status, json, text } = await stage.send('POST', '/networks', { body });
    assert.equal(status, 200, text);
    return json as Network;
  };
  const told = ({ state, warnings }: Network) => [state, ...warnings.map(({ text }) => text)];
  // Nobody has told of any adapter: then nothing is known of this one either.
  assert.deepEqual(told(await add('early', 'eth9')), ['unused']);
  await using wired = await FakeAgent.join(stage, 'bea');
  wired.handlers['network.configure'] = () => ({});
  const at = (name: string) => ({ name, kind: 'adapter' as const, mac: null, addresses: [] });
  await wired.connect([], { facts: { ...facts, interfaces: [at('eno2'), at('eno1')] } });
  assert.deepEqual(told(await add('lost', 'eth9')), [
    'down',
    'no host has an adapter eth9; hosts have eno1, eno2',
  ]);
  assert.deepEqual(told(await add('found', 'eno1')), ['unused']);
  const { json } = await stage.send('GET', '/networks?filter=state=down');
  assert.deepEqual((json as Page<Network>).items.map(({ name }) => name).sort(), ['early', 'lost']);
});

test('what a host mended of a network is an event of that network; of a network that is gone there is none', async () => {
  const mended = (seq: number, network: string) => ({
    seq,
    name: 'network.mended',
    vmId: null,
    attributes: { host: 'ada', network, what: 'its rules were changed' },
  });
  host.sendEvents(mended(1, idOf(7)), mended(2, randomUUID()));
  await host.until((message) => message.type === 'ack' && message.lastEventSeq === 2);
  const { json } = await stage.send('GET', '/events?filter=name=network.mended');
  const told = (json as Page<Event>).items.map(({ target, type, message, ancestors }) => [
    target,
    type,
    message,
    ancestors.map(({ kind }) => kind),
  ]);
  assert.deepEqual(told, [
    [
      { kind: 'network', id: idOf(7), name: 'net-7' },
      'warning',
      'Network net-7 was mended on host ada: its rules were changed',
      ['host', 'installation'],
    ],
  ]);
});
