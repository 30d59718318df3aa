/** Addresses of domains by the leases of their networks, as a client of libvirt asks for them first. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapterSchema, profiles, type Network } from '#api';
import { connectLibvirt } from '#libvirt';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

const mac = '52:47:59:00:00:01';
/** VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE. */
const fromLeases = 0;

test('a domain that runs has the addresses that the service of its network has leased it', async () => {
  await using stage = await Stage.open();
  const body = { name: 'wide', type: 'nat', ipv4: { subnet: '10.9.0.0/24' }, span: {} };
  const { id } = (await stage.send('POST', '/networks', { body })).json as Network;
  const attachment = { kind: 'network', network: id };
  const given = { slot: 0, model: 'virtio', mac, macMode: 'static', attachment };
  const hardware = { ...profiles.modern.hardware, adapters: [adapterSchema.parse(given)] };
  await using agent = await FakeAgent.join(stage, 'ada');
  agent.handlers['network.configure'] = () => ({});
  const running = makeRecord(makeDefinition('one', { hardware }), 0, { state: 'running' });
  await agent.connect([running], { address: '192.0.2.1' });
  await stage.until(() => stage.vm('one')?.state === 'running', 'it runs');
  await using client = await connectLibvirt(
    `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`,
  );
  const { dom } = await client.call('DOMAIN_LOOKUP_BY_NAME', { name: 'one' });
  const addresses = async (): Promise<unknown> =>
    (await client.call('DOMAIN_INTERFACE_ADDRESSES', { dom, source: fromLeases, flags: 0 })).ifaces;
  assert.deepEqual(await addresses(), []);
  const lease = {
    mac,
    hostName: 'one',
    startsAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2036-01-01T00:00:00.000Z',
  };
  const others = { ...lease, mac: '52:47:59:00:00:02', address: '10.9.0.31' };
  const leases = [{ ...lease, address: '10.9.0.30' }, others];
  agent.send({ type: 'leases', network: id, leases });
  await stage.until(
    () => JSON.stringify(stage.coordinator.inventory.document('span', id)).includes('.30'),
    'the lease is known',
  );
  assert.deepEqual(await addresses(), [
    { name: 'net0', hwaddr: mac, addrs: [{ type: 0, addr: '10.9.0.30', prefix: 24 }] },
  ]);
});
