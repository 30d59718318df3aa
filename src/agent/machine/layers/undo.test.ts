/** Undo disks of simulated machines: the same sessions, without bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskSchema, type UndoDecision } from '#api';
import { TestHost } from '../../testing/simulated-host.ts';
import type { Machine } from '../machine.ts';
import { noLayers } from './layers.ts';

const disk = diskSchema.parse({
  bus: 'virtio',
  position: 0,
  file: 'web.qcow2',
  format: 'qcow2',
  sizeBytes: 1024,
});

function makeVm(host: TestHost, onTurnOff: UndoDecision, disks = [disk]): Promise<Machine> {
  return host.add({ hardware: { disks }, settings: { undoDisks: { enabled: true, onTurnOff } } });
}

const tops = (machine: Machine): string[] => machine.file.layers.tops.map(({ top }) => top);

test('DISK-32 a guest that shuts itself down is an unattended stop: the vm’s own decision counts', async () => {
  for (const [decision, left] of [
    ['keep', ['web.undo.qcow2']],
    ['commit', []],
    ['discard', []],
  ] as const) {
    await using host = await TestHost.make();
    const machine = await makeVm(host, decision);
    await host.act(machine, 'turn-on', 1);
    await host.clock.advance(5_000);
    assert.deepEqual(tops(machine), ['web.undo.qcow2']);
    assert.equal(await host.act(machine, 'shutdown', 1), 'off');
    assert.deepEqual(tops(machine), left, decision);
  }
});

test('DISK-32 what is asked for with the request goes before the setting', async () => {
  await using host = await TestHost.make();
  const machine = await makeVm(host, 'discard');
  await host.act(machine, 'turn-on', 1);
  assert.equal(await host.act(machine, 'turn-off', 1, { undo: 'keep' }), 'off');
  assert.deepEqual(tops(machine), ['web.undo.qcow2']);
  await host.act(machine, 'commit-undo', 1);
  assert.deepEqual(tops(machine), []);
  assert.ok(host.eventNames(machine.id).includes('vm.undo.committed'));
});

test('a restart is no end of the session', async () => {
  await using host = await TestHost.make();
  const machine = await makeVm(host, 'discard');
  await host.act(machine, 'turn-on', 1);
  await host.act(machine, 'restart', 2);
  assert.deepEqual(tops(machine), ['web.undo.qcow2']);
});

test('read-only disks have nothing to undo', async () => {
  await using host = await TestHost.make();
  const data = diskSchema.parse({ ...disk, position: 1, file: 'data.raw', readOnly: true });
  const machine = await makeVm(host, 'keep', [disk, data]);
  await host.act(machine, 'turn-on', 1);
  assert.deepEqual(tops(machine), ['web.undo.qcow2']);
});

test('an agent that comes back during a merge ends it, wherever that was cut off', async () => {
  for (const left of ['all', 'the last word'] as const) await checkMergeEnds(left);
});

async function checkMergeEnds(left: 'all' | 'the last word'): Promise<void> {
  await using host = await TestHost.make();
  const machine = await makeVm(host, 'keep');
  await host.act(machine, 'turn-on', 1);
  await host.act(machine, 'turn-off', 1);
  const { file } = machine;
  await host.stop();
  const layers = left === 'all' ? { ...file.layers, ending: 'commit' as const } : noLayers;
  host.records.files.set(machine.id, { ...file, state: 'merging-disks', layers });
  await host.start();
  const again = host.machine(machine.id);
  await again.settle();
  assert.equal(again.file.state, 'off');
  assert.deepEqual(tops(again), []);
}
