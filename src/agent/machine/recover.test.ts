/** The table at the head of recover.ts, row by row: what an agent finds after one before it was killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VmState } from '#api';
import { TestHost } from '../testing/simulated-host.ts';
import type { MachineFile, ProcessIdentity } from './record.ts';

const here: ProcessIdentity = { pid: 7, startTicks: 70, bootId: 'simulated' };
const earlier: ProcessIdentity = { pid: 7, startTicks: 70, bootId: 'an earlier boot' };

/** A simulated process is there when the record has one of this boot. */
async function recover(change: Partial<MachineFile>): Promise<{
  readonly file: MachineFile;
  readonly events: string[];
  readonly processes: boolean;
}> {
  await using host = await TestHost.make();
  const { id, file } = await host.add();
  host.records.files.set(id, { ...file, wasRunning: true, ...change });
  await host.stop();
  await host.start();
  await host.clock.advance(10);
  const machine = host.machine(id);
  return {
    file: machine.file,
    events: host.eventNames(id),
    processes: machine.running !== undefined,
  };
}

const saved = '/simulated/h/saved';

test('a machine that runs is found as it is', async () => {
  for (const state of ['running', 'paused'] as const) {
    const found = await recover({ state, process: here });
    assert.equal(found.file.state, state);
    assert.deepEqual(found.events, []);
    assert.equal(found.processes, true);
  }
});

test('a start that was cut off is kept when its process is there, off when not', async () => {
  const forwards = [
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 40_022, guestPort: 22 } as const,
  ];
  const there = await recover({ state: 'starting', process: here, forwards });
  assert.equal(there.file.state, 'running');
  assert.deepEqual(there.file.forwards, forwards);
  const gone = await recover({ state: 'starting', process: null });
  assert.equal(gone.file.state, 'off');
  assert.deepEqual(gone.events, []);
});

test('a machine that is off has no process, whatever is found', async () => {
  const found = await recover({ state: 'off', process: here });
  assert.equal(found.file.state, 'off');
  assert.equal(found.file.process, null);
  assert.equal(found.processes, false);
});

test('a save that was cut off is undone and the guest runs on', async () => {
  const ran = await recover({ state: 'saving', process: here, savedFile: saved, ranBefore: true });
  assert.equal(ran.file.state, 'running');
  assert.equal(ran.file.savedFile, null);
  const stood = await recover({
    state: 'saving',
    process: here,
    savedFile: saved,
    ranBefore: false,
  });
  assert.equal(stood.file.savedFile, null);
});

test('a saved machine whose process had not ended yet is saved, without a process', async () => {
  const found = await recover({ state: 'saved', process: here, savedFile: saved });
  assert.equal(found.file.state, 'saved');
  assert.equal(found.processes, false);
});

test('a discard that was cut off is carried to its end', async () => {
  for (const process of [here, null]) {
    const change = { state: 'saved', process, savedFile: saved, released: true } as const;
    const found = await recover(change);
    assert.equal(found.file.state, 'off');
    assert.equal(found.file.savedFile, null);
    assert.equal(found.file.released, false);
    assert.equal(found.processes, false);
    assert.deepEqual(found.events, ['vm.state.discarded']);
  }
});

test('a restore that was cut off before the guest ran is saved again', async () => {
  for (const process of [here, null]) {
    const found = await recover({ state: 'restoring', process, savedFile: saved });
    assert.equal(found.file.state, 'saved');
    assert.equal(found.file.savedFile, saved);
    assert.equal(found.processes, false);
  }
});

test('a restored guest that was let run is never restored again: its disks have moved on', async () => {
  const change = { state: 'restoring', savedFile: saved, released: true } as const;
  const there = await recover({ ...change, process: here });
  assert.equal(there.file.state, 'running');
  assert.equal(there.file.savedFile, null);
  const gone = await recover({ ...change, process: null });
  assert.equal(gone.file.state, 'off');
  assert.equal(gone.file.savedFile, null);
  assert.ok(gone.events.includes('vm.crashed'));
});

test('a process that vanished while nobody looked has crashed', async () => {
  const states: VmState[] = ['running', 'paused', 'shutting-down', 'resetting', 'resuming'];
  for (const state of states) {
    const found = await recover({ state, process: null });
    assert.equal(found.file.state, 'off', state);
    assert.deepEqual(found.events, ['vm.crashed', 'vm.state.powered-off'], state);
    assert.equal(found.file.wasRunning, true);
  }
});

test('HOST-52 a machine that ran when the host went down was cut off', async () => {
  const found = await recover({ state: 'running', process: earlier });
  assert.equal(found.file.state, 'off');
  assert.deepEqual(found.events, ['vm.cut-off']);
  assert.equal(found.file.wasRunning, true);
});
