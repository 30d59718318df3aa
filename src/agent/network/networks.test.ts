import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkSpecSchema, plainPort } from '#api';
import { isFault } from '#lib';
import { TestHost } from '../testing/simulated-host.ts';

const lab = networkSpecSchema.parse({
  id: '20000000-0000-4000-8000-000000000001',
  name: 'lab',
  type: 'internal',
  ipv4: null,
});
const gone = '20000000-0000-4000-8000-000000000009';

const adapter = (network: string, optional: boolean) =>
  ({
    slot: 0,
    model: 'virtio',
    mac: '52:47:59:00:00:01',
    macMode: 'dynamic',
    link: 'up',
    optional,
    ...plainPort,
    attachment: { kind: 'network', network },
  }) as const;

test('VM-72 a network that does not exist blocks the start; an optional adapter starts unplugged, with a warning', async () => {
  await using host = await TestHost.make();
  await host.host.driver.networks.configure([lab], []);
  const needed = await host.add({ hardware: { adapters: [adapter(gone, false)] } });
  await assert.rejects(
    host.act(needed, 'turn-on', 1),
    (error) => isFault(error, 'blocked') && error.reasons[0]?.code === 'network-missing',
  );
  assert.ok(host.eventNames(needed.id).includes('vm.network-missing'));
  const optional = await host.add({ hardware: { adapters: [adapter(gone, true)] } });
  assert.equal(await host.act(optional, 'turn-on', 1), 'running');
  assert.equal(optional.file.startedWith?.hardware.adapters[0]?.attachment.kind, 'none');
  const there = await host.add({ hardware: { adapters: [adapter(lab.id, false)] } });
  assert.equal(await host.act(there, 'turn-on', 1), 'running');
});

test('a host carries the networks that adapters of its machines are on, and no other', async () => {
  await using host = await TestHost.make();
  const { networks } = host.host.driver;
  const told = Promise.withResolvers<void>();
  networks.onReports(() => told.resolve());
  await networks.configure([lab], []);
  assert.deepEqual(networks.reports, []);
  const machine = await host.add({ hardware: { adapters: [adapter(lab.id, false)] } });
  await told.promise;
  assert.deepEqual(
    networks.reports.map(({ id, state }) => [id, state]),
    [[lab.id, 'ready']],
  );
  await host.host.remove(machine.id);
  await networks.configure([lab], []);
  assert.deepEqual(networks.reports, []);
});

test('an agent that begins carries nothing before it has looked for all of its machines', async () => {
  await using host = await TestHost.make();
  const slow = await host.add({ hardware: { adapters: [adapter(lab.id, false)] } });
  const quick = await host.add({ hardware: { adapters: [adapter(lab.id, false)] } });
  const process = { pid: 7, startTicks: 70, bootId: 'simulated' };
  for (const { id, file } of [slow, quick])
    host.records.files.set(id, { ...file, state: 'running', wasRunning: true, process });
  await host.stop();
  const [reached, disk] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  host.records.beforeSave = async ({ definition }) => {
    if (definition.id !== slow.id) return;
    reached.resolve();
    await disk.promise;
  };
  const started = host.start();
  await reached.promise;
  const { networks } = host.host.driver;
  await networks.configure([lab], []);
  const early = networks.reports;
  disk.resolve();
  await started;
  assert.deepEqual(early, []);
  await networks.configure([lab], []);
  assert.deepEqual(
    networks.reports.map(({ id }) => id),
    [lab.id],
  );
});
