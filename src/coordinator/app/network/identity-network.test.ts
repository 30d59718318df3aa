import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { NetworkIdentity } from '#api';
import { FakeAgent, makeDefinition, makeRecord } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
});
after(() => stage[Symbol.asyncDispose]());

const create = async (name: string, more: object): Promise<void> => {
  const { status, text } = await stage.send('POST', '/networks', { body: { name, ...more } });
  assert.equal(status, 200, text);
};
const act = async (path: string, body: object): Promise<void> => {
  const { state, fault } = await stage.act('POST', path, body);
  assert.equal(state, 'done', JSON.stringify(fault));
};
const on = (network: string): object => ({ kind: 'network', network });
const check = async (network: string): Promise<NetworkIdentity> =>
  (await stage.send('GET', `/networks/${network}/identity`)).json as NetworkIdentity;

test('CMP-38 the check of MAC addresses as identity demands one bridged adapter with a static, unique address per vm and reports each deviation', async () => {
  await create('street', { type: 'bridged', adapter: 'eno1' });
  await create('inner', { type: 'internal' });
  const mac = (last: string): string => `00:50:56:00:38:${last}`;
  const make = async (name: string, ...adapters: object[]): Promise<void> => {
    await act('/vms', { name, host: 'h1' });
    for (const adapter of adapters) await act(`/vms/${name}/adapters`, adapter);
  };
  await make('right', { attachment: on('street'), mac: mac('01') }, { attachment: on('inner') });
  assert.deepEqual(await check('street'), { ok: true, checked: 1, deviations: [] });
  await make('given', { attachment: on('street') });
  await make(
    'double',
    { attachment: on('street'), mac: mac('02') },
    { attachment: on('street'), mac: mac('03') },
  );
  // A host that comes brings a vm along whose address is taken.
  await using host = await FakeAgent.join(stage, 'h2');
  const right = stage.vm('right')?.definition.hardware ?? assert.fail();
  const hardware = {
    ...right,
    adapters: right.adapters.filter(({ macMode }) => macMode === 'static'),
  };
  const there = makeDefinition('brought', { hardware });
  await host.connect([makeRecord(there, 1)]);
  await stage.until(() => stage.vm('brought') !== undefined, 'the vm is known');
  const { ok, checked, deviations } = await check('street');
  assert.deepEqual([ok, checked], [false, 4]);
  const found = deviations.map(({ code, vm, mac: at }) => `${code} ${vm?.name} ${at?.slice(0, 8)}`);
  assert.deepEqual(found.sort(), [
    'address-not-static given 52:47:59',
    'address-not-unique brought 00:50:56',
    'address-not-unique right 00:50:56',
    'several-adapters double undefined',
  ]);
  for (const { text, remedy } of deviations) assert.ok(text.length > 10 && remedy.length > 10);
  const inner = await check('inner');
  assert.deepEqual(inner.deviations[0]?.code, 'network-not-bridged');
  await stage.send('PATCH', '/networks/street', { body: { forgedAddresses: true } });
  const forged = (await check('street')).deviations.map(({ code }) => code);
  assert.ok(forged.includes('addresses-may-be-forged'));
});
