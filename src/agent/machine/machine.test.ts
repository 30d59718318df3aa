/** A machine's life on a simulated host with a held clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmActions } from '#api';
import { isFault } from '#lib';
import { TestHost, tester } from '../testing/simulated-host.ts';
import type { Machine } from './machine.ts';

const call = (
  action: 'turn-on' | 'save' | 'shutdown' | 'turn-off' | 'restore',
  generation: number,
) => ({
  action,
  generation,
  correlationId: null,
  cause: tester,
  request: {},
});

async function makeRunning(host: TestHost, settings: unknown = {}): Promise<Machine> {
  const machine = await host.add({ settings });
  assert.equal(await host.act(machine, 'turn-on', 1), 'running');
  return machine;
}

/** Booted, so that its additions answer. */
async function makeAnswering(host: TestHost): Promise<Machine> {
  const machine = await makeRunning(host);
  await host.clock.advance(5_000);
  assert.equal(machine.judged().additions, 'running');
  return machine;
}

test('a start goes through starting to running', async () => {
  await using host = await TestHost.make();
  const machine = await host.add();
  const start = machine.act(call('turn-on', 1));
  await host.clock.advance(500);
  assert.equal(machine.file.state, 'starting');
  await host.clock.finish(start);
  assert.equal(machine.file.state, 'running');
  assert.deepEqual(host.eventNames(machine.id), ['vm.state.powered-on']);
});

test('a held machine is paused until it is released, and resume refuses it', async () => {
  await using host = await TestHost.make();
  const machine = await host.add();
  assert.equal(await host.act(machine, 'hold', 1), 'paused');
  assert.equal(machine.file.held, true);
  await assert.rejects(host.act(machine, 'resume', 1), /release it|held/);
  assert.equal(await host.act(machine, 'release', 1), 'running');
  assert.equal(machine.file.held, false);
  assert.deepEqual(host.eventNames(machine.id), ['vm.state.powered-on', 'vm.state.released']);
});

test('a guest that is asked shuts down, and its end is told with its time', async () => {
  await using host = await TestHost.make();
  const machine = await makeAnswering(host);
  assert.equal(await host.act(machine, 'shutdown', 1), 'off');
  const completed = host.events.find(({ name }) => name === 'vm.shutdown.completed');
  assert.equal(completed?.attributes['durationMs'], 3_000);
});

test('GA-18 a guest that is still booting is not asked to shut down, but its power button is pressed', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  await assert.rejects(host.act(machine, 'shutdown', 1), (error) => {
    assert.ok(isFault(error, 'refused'));
    assert.match(error.message, /no guest additions have answered/);
    assert.match(error.hint ?? '', /power button/);
    return true;
  });
  assert.equal(await host.act(machine, 'power-button', 1), 'off');
  const asked = host.events.find(({ name }) => name === 'vm.shutdown.requested');
  assert.equal(asked?.attributes['means'], 'power button');
});

test('GA-17 a guest that ignores the request runs on, and the caller hears of the time limit', async () => {
  await using host = await TestHost.make({ faults: { shutdownIgnored: 1 } });
  const machine = await makeAnswering(host);
  const shutdown = host.act(machine, 'shutdown', 1, { timeoutSeconds: 60 });
  await assert.rejects(shutdown, (error) => isFault(error, 'timeout'));
  assert.equal(machine.file.state, 'running');
  assert.ok(host.eventNames().includes('vm.shutdown.timed-out'));
});

test('EVT-59 of a shutdown that was asked for the request, the completion and the time-out are told', async () => {
  const told = async (shutdownIgnored: number): Promise<unknown[]> => {
    await using host = await TestHost.make({ faults: { shutdownIgnored } });
    const machine = await makeAnswering(host);
    const ended = host.act(machine, 'shutdown', 1, { timeoutSeconds: 60, onTimeout: 'turn-off' });
    assert.equal(await ended, 'off');
    return host.events
      .filter(({ name }) => name.startsWith('vm.shutdown.'))
      .map(({ name, vmId, attributes }) => {
        assert.equal(vmId, machine.id);
        return [name, attributes];
      });
  };
  const requested = ['vm.shutdown.requested', { means: 'guest agent' }];
  assert.deepEqual(await told(0), [requested, ['vm.shutdown.completed', { durationMs: 3_000 }]]);
  assert.deepEqual(await told(1), [
    requested,
    ['vm.shutdown.timed-out', { timeoutSeconds: 60, next: 'it is turned off' }],
  ]);
});

test('GA-17 after the time limit the caller may have it turned off or saved', async () => {
  await using host = await TestHost.make({ faults: { shutdownIgnored: 1 } });
  const one = await makeAnswering(host);
  assert.equal(
    await host.act(one, 'shutdown', 1, { timeoutSeconds: 5, onTimeout: 'turn-off' }),
    'off',
  );
  const other = await makeAnswering(host);
  assert.equal(
    await host.act(other, 'shutdown', 1, { timeoutSeconds: 5, onTimeout: 'save' }),
    'saved',
  );
});

test('turn-off interrupts a start, a save and a shutdown', async () => {
  await using host = await TestHost.make({ faults: { shutdownIgnored: 1 } });
  const starting = await host.add();
  const start = starting.act(call('turn-on', 1));
  start.catch(() => undefined);
  await host.clock.advance(500);
  assert.equal(await host.act(starting, 'turn-off', 1), 'off');
  await assert.rejects(start, (error) => isFault(error, 'cancelled'));

  const saving = await makeRunning(host);
  const save = saving.act(call('save', 1));
  save.catch(() => undefined);
  await host.clock.advance(100);
  assert.equal(saving.file.state, 'saving');
  assert.equal(await host.act(saving, 'turn-off', 1), 'off');
  await assert.rejects(save, (error) => isFault(error, 'cancelled'));
  assert.equal(saving.file.savedFile, null);

  const stopping = await makeAnswering(host);
  const shutdown = stopping.act(call('shutdown', 1));
  shutdown.catch(() => undefined);
  await host.clock.advance(500);
  assert.equal(stopping.file.state, 'shutting-down');
  assert.equal(await host.act(stopping, 'turn-off', 1), 'off');
});

test('a saved state has a picture of the screen with it, unless the installation shows none', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  const { storage } = host.host.driver;
  const kept = async (): Promise<string | undefined> =>
    (await storage.findScreen(machine.file.savedFile ?? ''))?.toString('latin1', 1, 4);
  await host.act(machine, 'save', 1);
  assert.equal(await kept(), 'PNG');
  await host.act(machine, 'restore', 2);
  await host.host.configure(host.host.settings, { eventScripts: false, thumbnails: false });
  await host.act(machine, 'save', 2);
  assert.equal(await kept(), undefined);
  await host.act(machine, 'restore', 3);
  await host.host.configure(host.host.settings, { eventScripts: false });
  await host.act(machine, 'save', 3);
  const { savedFile } = machine.file;
  assert.equal(await kept(), 'PNG');
  await host.act(machine, 'discard', 3);
  assert.equal(await storage.findScreen(savedFile ?? ''), undefined);
});

test('a save that fails leaves the machine running as before, with the reason', async () => {
  await using host = await TestHost.make({ faults: { saveFails: 1 } });
  const machine = await makeRunning(host);
  const before = machine.file;
  await assert.rejects(host.act(machine, 'save', 1), (error) => isFault(error, 'exhausted'));
  const { state, process, startedAt, accelerator, savedFile, lastFault } = machine.file;
  assert.deepEqual(
    { state, process, startedAt, accelerator, savedFile },
    {
      state: 'running',
      process: before.process,
      startedAt: before.startedAt,
      accelerator: 'simulated',
      savedFile: null,
    },
  );
  assert.match(lastFault?.message ?? '', /volume is full/);
  assert.ok(host.eventNames().includes('vm.save-failed'));
});

test('a save that is cancelled leaves a paused machine paused', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  await host.act(machine, 'pause', 1);
  const controller = new AbortController();
  const save = machine.act({ ...call('save', 1), signal: controller.signal });
  save.catch(() => undefined);
  await host.clock.advance(100);
  controller.abort();
  await host.clock.advance(10);
  await assert.rejects(save);
  assert.equal(machine.file.state, 'paused');
});

test('a restore that fails keeps the saved state, to be tried again or discarded', async () => {
  await using host = await TestHost.make({ faults: { restoreFails: 1 } });
  const machine = await makeRunning(host);
  await host.act(machine, 'save', 1);
  const { savedFile } = machine.file;
  await assert.rejects(host.act(machine, 'restore', 2));
  assert.equal(machine.file.state, 'saved');
  assert.equal(machine.file.savedFile, savedFile);
  assert.equal(await host.act(machine, 'discard', 2), 'off');
  assert.ok(host.eventNames().includes('vm.restore-failed'));
});

test('a restored machine has no saved state left; a paused one comes back paused', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  await host.act(machine, 'pause', 1);
  await host.act(machine, 'save', 1);
  const { savedFile } = machine.file;
  assert.ok(
    savedFile !== null && (await host.host.driver.storage.findSaved(savedFile)) === 'paused',
  );
  assert.equal(await host.act(machine, 'restore', 2), 'paused');
  assert.equal(machine.file.savedFile, null);
  assert.equal(await host.host.driver.storage.findSaved(savedFile), undefined);
});

test('restart makes a new process and is told as a reset; reset keeps the process', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  const first = machine.file.process;
  await host.act(machine, 'reset', 1);
  assert.deepEqual(machine.file.process, first);
  await host.act(machine, 'restart', 2);
  assert.notDeepEqual(machine.file.process, first);
  const resets = host.events.filter(({ name }) => name === 'vm.state.reset');
  assert.deepEqual(
    resets.map(({ attributes }) => attributes['how']),
    ['reset', 'restart'],
  );
});

test('all that stands against a start is said at once, before anything happens', async () => {
  await using host = await TestHost.make({
    memoryBytes: 1024 ** 3,
    settings: { maxRunningVms: 0 },
  });
  const machine = await host.add({
    hardware: { memory: { sizeBytes: 2 * 1024 ** 3, maxBytes: null } },
  });
  await assert.rejects(host.act(machine, 'turn-on', 1), (error) => {
    assert.ok(isFault(error, 'blocked'));
    const codes = error.reasons.map(({ code }) => code);
    assert.deepEqual(codes.sort(), ['memory-total', 'running-limit']);
    return true;
  });
  assert.equal(machine.file.state, 'off');
  assert.deepEqual(host.eventNames(machine.id), ['vm.start-failed']);
});

test('the memory of what ran follows users, not the host', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  assert.equal(machine.report().wasRunning, true);
  await host.act(machine, 'turn-off', 1);
  assert.equal(machine.report().wasRunning, false);
  await host.act(machine, 'turn-on', 2);
  await host.clock.finish(machine.actForHost('save', {}));
  assert.equal(machine.report().wasRunning, true);
});

test('a machine that crashes is started again, up to its limit', async () => {
  await using host = await TestHost.make({ faults: { crashPerHour: 3_600 } });
  const machine = await host.add({
    settings: { failure: { reaction: 'restart', maxRepetitions: 2 } },
  });
  await host.act(machine, 'turn-on', 1);
  await host.clock.advance(60_000);
  const reactions = host.events.filter(({ name }) => name === 'vm.failure-reaction');
  assert.deepEqual(
    reactions.map(({ attributes }) => attributes['reaction']),
    ['restart', 'restart', 'given up'],
  );
  assert.equal(host.eventNames().filter((name) => name === 'vm.crashed').length, 3);
  assert.equal(machine.file.state, 'off');
});

test('SEC-08 a crash is recorded with its cause and time, and other machines are under control', async () => {
  await using host = await TestHost.make({ faults: { crashPerHour: 3_600 } });
  const machine = await host.add();
  await host.act(machine, 'turn-on', 1);
  await host.clock.advance(2_000);
  const crash = host.events.find(({ name }) => name === 'vm.crashed');
  assert.equal(crash?.vmId, machine.id);
  assert.equal(crash?.attributes['reason'], 'segmentation fault');
  const other = await host.add();
  assert.equal(await host.act(other, 'hold', 1), 'paused');
});

test('requests wait in line up to a bound', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  const hour = host.clock.sleep(3_600_000);
  const first = machine.change('rename', 1, tester, () => hour);
  const others = Array.from({ length: 32 }, () =>
    machine.change('rename', 1, tester, async () => 1),
  );
  await assert.rejects(
    machine.change('rename', 1, tester, async () => 1),
    (error) => isFault(error, 'exhausted'),
  );
  await host.clock.advance(3_600_000);
  await Promise.all([first, ...others]);
});

test('the course of events is the same for the same seed', async () => {
  const run = async (): Promise<unknown> => {
    await using host = await TestHost.make({
      seed: 'x',
      vms: 20,
      faults: { crashPerHour: 20, panicPerHour: 20, startFails: 0.3 },
      timing: { startMs: [100, 5_000] },
    });
    for (const machine of host.host.machines.values()) {
      if (machine.file.state === 'off') void machine.act(call('turn-on', 1)).catch(() => undefined);
    }
    await host.clock.advance(600_000);
    return host.events.map(({ name, time, vmId, attributes }) => [name, time, vmId, attributes]);
  };
  const first = await run();
  assert.ok(Array.isArray(first) && first.length > 20);
  assert.deepEqual(await run(), first);
});

test('SNAP-23 a saved state is restored once, and is gone then', async () => {
  await using host = await TestHost.make();
  const machine = await makeRunning(host);
  await host.act(machine, 'save', 1);
  assert.equal(await host.act(machine, 'restore', 2), 'running');
  assert.equal(machine.file.savedFile, null);
  await host.act(machine, 'turn-off', 2);
  await assert.rejects(host.act(machine, 'restore', 3), (error) => isFault(error, 'refused'));
  assert.match(vmActions.restore.meaning, /once: it is used up/);
});
