import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEventName } from '#api';
import type { Observation } from '../drivers/driver.ts';
import { testDisk } from '../testing/qemu-agent.ts';
import { makeDefinition } from '../testing/simulated-host.ts';
import { interpret, interpretEnd } from './interpret.ts';
import { newMachineFile, type MachineFile } from './record.ts';

const off = newMachineFile(makeDefinition(), 1, { folder: '/f', file: '/f/v.json' }, 0);
const running: MachineFile = { ...off, state: 'running', wasRunning: true };
const paused: MachineFile = { ...off, state: 'paused', held: true };

test('what another tool pauses and resumes is followed and told as external', () => {
  const stop = interpret(running, { kind: 'paused' }, 'idle');
  assert.equal(stop.state, 'paused');
  assert.equal(stop.events?.[0]?.name, 'vm.state.suspended');
  assert.equal(stop.events?.[0]?.cause.actor.kind, 'external');
  const go = interpret(paused, { kind: 'resumed' }, 'idle');
  assert.equal(go.state, 'running');
  assert.equal(go.patch?.held, false);
  assert.equal(go.events?.[0]?.name, 'vm.state.resumed');
});

test('while work is under way a pause is its own doing and changes nothing', () => {
  assert.deepEqual(interpret(running, { kind: 'paused' }, 'busy'), {});
  assert.deepEqual(interpret(paused, { kind: 'resumed' }, 'busy'), {});
});

test('a guest that powers itself off was stopped by a user; a crash was not', () => {
  const guest = interpretEnd(running, { kind: 'guest' });
  assert.equal(guest.state, 'off');
  assert.equal(guest.patch?.wasRunning, false);
  assert.deepEqual(
    guest.events?.map(({ name }) => name),
    ['vm.state.powered-off'],
  );
  const crash = interpretEnd(running, {
    kind: 'crash',
    detail: 'signal SIGSEGV',
    log: 'last words',
  });
  assert.equal(crash.patch?.wasRunning, undefined);
  assert.equal(crash.patch?.lastFault?.code, 'crashed');
  assert.deepEqual(
    crash.events?.map(({ name }) => name),
    ['vm.crashed', 'vm.state.powered-off'],
  );
  assert.deepEqual(crash.events?.[0]?.attributes, { reason: 'signal SIGSEGV', log: 'last words' });
  assert.equal(crash.reactTo, 'signal SIGSEGV');
});

test('a disk error that stopped the guest pauses it and names disk and reason', () => {
  const seen: Observation = {
    kind: 'disk-error',
    device: 'virtio0:0',
    operation: 'write',
    reason: 'No space left on device',
    paused: true,
  };
  const consequence = interpret(running, seen, 'idle');
  assert.equal(consequence.state, 'paused');
  assert.deepEqual(consequence.patch?.noSpace, { volume: running.folder, forced: false });
  const { hardware } = running.definition;
  const disks = [testDisk('/srv/b/big.qcow2')];
  const definition = { ...running.definition, hardware: { ...hardware, disks } };
  const elsewhere = interpret({ ...running, definition }, seen, 'idle');
  assert.equal(elsewhere.patch?.noSpace?.volume, '/srv/b');
  assert.equal(interpret(running, seen, 'busy').state, 'paused', 'layers may be merging');
  const [event] = consequence.events ?? [];
  assert.equal(event?.name, 'vm.disk-error');
  assert.deepEqual(event?.attributes, {
    device: 'virtio0:0',
    operation: 'write',
    reason: seen.reason,
  });
});

test('HW-49 the clock that a guest sets is kept', () => {
  const { patch } = interpret(running, { kind: 'clock', offsetSeconds: -3600 }, 'idle');
  assert.equal(patch?.clockOffsetSeconds, -3600);
});

test('every observation leads to events of the catalogue only', () => {
  const all: Exclude<Observation, { kind: 'ended' }>[] = [
    { kind: 'paused' },
    { kind: 'resumed' },
    { kind: 'reset', by: 'guest' },
    { kind: 'reset', by: 'host' },
    { kind: 'guest-error', reason: 'panic' },
    { kind: 'tray', drive: 'sata0:0', open: true },
    { kind: 'device-removed', device: 'virtio0:1' },
    { kind: 'device-lost', device: 'COM1', hostPath: '/dev/ttyS0' },
    { kind: 'heartbeat', good: true, lastAt: 'x', missed: 0 },
    { kind: 'heartbeat', good: false, lastAt: 'x', missed: 6 },
    { kind: 'additions-outdated', installed: '1', shipped: '2' },
    { kind: 'clock-corrected', offsetMs: 900 },
    { kind: 'thawed', fileSystems: 2 },
    { kind: 'sampled' },
  ];
  for (const seen of all) {
    for (const file of [running, paused]) {
      for (const { name } of interpret(file, seen, 'idle').events ?? [])
        assert.ok(isEventName(name));
    }
  }
});
