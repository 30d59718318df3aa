/** Host start and stop on a held clock. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { diskSchema, networkSpecSchema, type NetworkSpec } from '#api';
import { adapterOn } from '../testing/network-place.ts';
import { TestHost, tester } from '../testing/simulated-host.ts';

const start = (onHostStart: string, order = 100, delaySeconds = 0) => ({
  start: { onHostStart, order, delaySeconds },
});

function networkNamed(name: string): NetworkSpec {
  return networkSpecSchema.parse({ id: randomUUID(), name, type: 'internal', ipv4: null });
}

test('VM-56 at the start of the host start: always, those that ran, and no others', async () => {
  await using host = await TestHost.make();
  const always = await host.add({ settings: start('always') });
  const ran = await host.add({ settings: start('if-was-running') });
  const stopped = await host.add({ settings: start('if-was-running') });
  const never = await host.add({ settings: start('off') });
  await host.act(ran, 'turn-on', 1);
  await host.act(never, 'turn-on', 1);
  for (const machine of [ran, never]) {
    const { file } = machine;
    host.records.files.set(machine.id, {
      ...file,
      process: { pid: 9, startTicks: 9, bootId: 'old' },
    });
  }
  await host.stop();
  await host.start('a new boot');
  await host.clock.advance(60_000);
  const states = [always, ran, stopped, never].map(({ id }) => host.machine(id).file.state);
  assert.deepEqual(states, ['running', 'running', 'off', 'off']);
  assert.ok(host.eventNames().includes('host.started'));
});

test('a restart of the agent alone starts nothing', async () => {
  await using host = await TestHost.make();
  const always = await host.add({ settings: start('always') });
  await host.stop();
  await host.start();
  await host.clock.advance(60_000);
  assert.equal(host.machine(always.id).file.state, 'off');
});

test('a stop is remembered, even where an earlier change of the settings is written slowly', async () => {
  await using host = await TestHost.make();
  const always = await host.add({ settings: start('always') });
  const disk = Promise.withResolvers<void>();
  host.beforeSave = () => {
    host.beforeSave = async () => undefined;
    return disk.promise;
  };
  const configured = host.host.configure(host.host.settings, { eventScripts: false });
  const stopped = host.clock.finish(host.host.service.stop(tester));
  await Promise.race([stopped, setTimeout(50)]);
  disk.resolve();
  await Promise.all([configured, stopped]);
  await host.stop();
  await host.start('a new boot');
  await host.clock.advance(60_000);
  assert.equal(host.machine(always.id).file.state, 'off');
});

test('HOST-50 the default pair brings every machine back where it was', async () => {
  await using host = await TestHost.make();
  const saved = await host.add({ settings: start('if-was-running') });
  const shut = await host.add({
    settings: { ...start('if-was-running'), shutdown: { onHostStop: 'shutdown' } },
  });
  const off = await host.add({
    settings: { ...start('if-was-running'), shutdown: { onHostStop: 'off' } },
  });
  for (const machine of [saved, shut, off]) await host.act(machine, 'turn-on', 1);
  await host.clock.advance(10_000);
  await host.clock.finish(host.host.service.stop(tester));
  assert.deepEqual(
    [saved, shut, off].map(({ file }) => file.state),
    ['saved', 'off', 'off'],
  );
  assert.equal(host.eventNames().at(-1), 'host.stopped');
  await host.host.service.start(tester);
  await host.clock.advance(60_000);
  assert.deepEqual(
    [saved, shut, off].map(({ file }) => file.state),
    ['running', 'running', 'running'],
  );
  assert.equal(host.eventNames(saved.id).at(-1), 'vm.state.restored');
});

test('a guest that does not shut down for the host is saved, and that is told', async () => {
  await using host = await TestHost.make({ faults: { shutdownIgnored: 1 } });
  const machine = await host.add({
    settings: { shutdown: { onHostStop: 'shutdown', timeoutSeconds: 30 } },
  });
  await host.act(machine, 'turn-on', 1);
  await host.clock.finish(host.host.service.stop(tester));
  assert.equal(machine.file.state, 'saved');
  assert.ok(host.eventNames(machine.id).includes('vm.stop-fallback'));
});

test('a vm whose disk other vms go on writing is not saved for the host but shut down, or else turned off', async () => {
  const quorum = diskSchema.parse({
    bus: 'scsi',
    position: 1,
    file: '/shelf/quorum.raw',
    format: 'raw',
    sizeBytes: 1024,
    shared: true,
  });
  for (const [faults, told] of [
    [{}, false],
    [{ shutdownIgnored: 1 }, true],
  ] as const) {
    await using host = await TestHost.make({ faults });
    const machine = await host.add({ hardware: { disks: [quorum] } });
    await host.act(machine, 'turn-on', 1);
    await host.clock.advance(10_000);
    await host.clock.finish(host.host.service.stop(tester));
    assert.equal(machine.file.state, 'off');
    assert.equal(host.eventNames(machine.id).includes('vm.stop-fallback'), told);
  }
});

test('HOST-50 a stop of the host ends when its time is over, whatever single machines do', async () => {
  await using host = await TestHost.make({
    settings: { stopTimeoutSeconds: 60 },
    timing: { saveBytesPerSecond: 1 },
  });
  const machine = await host.add();
  await host.act(machine, 'turn-on', 1);
  const beganMs = host.clock.now();
  await host.clock.finish(host.host.service.stop(tester));
  assert.ok(host.clock.now() - beganMs < 62_000);
  assert.equal(machine.file.state, 'running');
});

test('a stopped host starts nothing, not even after a restart of the agent', async () => {
  await using host = await TestHost.make();
  const machine = await host.add({ settings: start('always') });
  await host.clock.finish(host.host.service.stop(tester));
  await assert.rejects(host.act(machine, 'turn-on', 1), /service of the host is stopped/);
  await host.stop();
  await host.start('a new boot');
  await host.clock.advance(60_000);
  assert.equal(host.machine(machine.id).file.state, 'off');
});

test('machines start in their order, with their delays, and stop the other way round', async () => {
  await using host = await TestHost.make();
  const third = await host.add({ name: 'c', settings: start('always', 30) });
  const first = await host.add({ name: 'a', settings: start('always', 10, 20) });
  const second = await host.add({ name: 'b', settings: start('always', 20, 5) });
  await host.stop();
  await host.start('a new boot');
  const beganMs = host.clock.now();
  await host.clock.advance(120_000);
  const on = host.events.filter(({ name }) => name === 'vm.state.powered-on');
  assert.deepEqual(
    on.map(({ vmId }) => vmId),
    [first.id, second.id, third.id],
  );
  const after = on.map(({ time }) => Date.parse(time) - beganMs);
  assert.deepEqual(after, [1_000, 22_000, 28_000]);
  await host.clock.finish(host.host.service.stop(tester));
  const down = host.events.filter(({ name }) => name === 'vm.state.saved');
  assert.deepEqual(
    down.map(({ vmId }) => vmId),
    [third.id, second.id, first.id],
  );
});

test('what is blocked at first is tried again', async () => {
  await using host = await TestHost.make({ settings: { maxRunningVms: 0 } });
  const machine = await host.add({ settings: start('always') });
  await host.stop();
  await host.start('a new boot');
  await host.clock.advance(3_000);
  assert.equal(host.machine(machine.id).file.state, 'off');
  await host.host.configure(
    { ...host.host.settings, maxRunningVms: null },
    { eventScripts: false },
  );
  await host.clock.advance(10_000);
  assert.equal(host.machine(machine.id).file.state, 'running');
});

test('HOST-51 the start of the service looks whether the networks are there before vms start in their order; one that is not yet is waited for, then that is reported', async () => {
  await using host = await TestHost.make();
  const { networks } = host.host.driver;
  const on = (network: string) => ({ adapters: [adapterOn(network, '52:47:59:00:00:01')] });
  const [late, never] = [networkNamed('late'), networkNamed('never')];
  const first = await host.add({ settings: start('always', 1), hardware: on(late.id) });
  const second = await host.add({ settings: start('always', 2), hardware: on(never.id) });
  const third = await host.add({ settings: start('always', 3) });
  await host.clock.finish(host.host.service.stop(tester));
  await host.host.service.start(tester);
  await host.clock.advance(6_000);
  assert.equal(first.file.state, 'off', 'its network is waited for');
  assert.equal(third.file.state, 'off', 'its turn comes later');
  await networks.configure([late], []);
  await host.clock.advance(60_000);
  assert.deepEqual(
    [first, second, third].map(({ file }) => file.state),
    ['running', 'off', 'running'],
  );
  const told = host.events.map(({ name, vmId }) => [name, vmId]);
  assert.deepEqual(
    told.filter(([name]) => name !== 'host.started' && name !== 'host.stopped'),
    [
      ['vm.state.powered-on', first.id],
      ['vm.network-missing', second.id],
      ['vm.start-failed', second.id],
      ['vm.state.powered-on', third.id],
    ],
  );
});
