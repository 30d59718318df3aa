/** Undo disks and snapshots through the command line, on one coordinator with a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Event, Snapshot, Vm } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

let gantry: Gantry;

before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--simulate', '1x1', '--yes', '--listen', gantry.listen);
  await gantry.must('vm', 'create', 'web', '--disk', '1G');
});
after(() => gantry[Symbol.asyncDispose]());

test('SNAP-04 SNAP-08 snapshots are taken, listed as a tree with the present position, reverted to, renamed and deleted', async () => {
  await gantry.must('vm', 'snapshot', 'take', 'web', 'one', '--description', 'as delivered');
  await gantry.must('vm', 'snapshot', 'take', 'web', 'two');
  await gantry.must('vm', 'snapshot', 'revert', 'web', 'one', '--snapshot-first', 'before');
  await gantry.must('vm', 'snapshot', 'take', 'web', 'three');
  await gantry.must('vm', 'snapshot', 'rename', 'web', 'two', 'second');
  const lines = (await gantry.must('vm', 'snapshot', 'list', 'web')).split('\n');
  const drawn = lines.slice(1, 5).map((line) => line.slice(0, 24).trimEnd());
  assert.deepEqual(
    drawn.map((line) => line.replace(/ {2,}●.*$/, ' ●').replace(/ {2,}\d.*$/, '')),
    ['one', '└ second', '  └ before', '└ three ●'],
    lines.join('\n'),
  );
  const shown = await gantry.json<Snapshot>('vm', 'snapshot', 'show', 'web', 'one');
  assert.equal(shown.description, 'as delivered');
  await gantry.must('vm', 'snapshot', 'delete', 'web', 'one');
  const left = await gantry.json<Snapshot[]>('vm', 'snapshot', 'list', 'web');
  assert.deepEqual(
    left.map(({ name, present }) => (present ? `${name}*` : name)),
    ['second', 'before', 'three*'],
  );
});

test('DISK-29 DISK-32 VM-47 undo disks are switched on, kept, and discarded with the word that turns the vm off', async () => {
  await gantry.must('vm', 'set', 'web', 'settings.undoDisks.enabled=true');
  await gantry.must('vm', 'start', 'web');
  await gantry.must('vm', 'turn-off', 'web');
  assert.match(await gantry.must('vm', 'show', 'web'), /undo disks +since .*; at turn off: keep/);
  await gantry.must('vm', 'start', 'web');
  await gantry.must('vm', 'turn-off', 'web', '--undo', 'discard');
  assert.equal((await gantry.json<Vm>('vm', 'show', 'web')).status.undo, null);
  const refused = await gantry.run(['vm', 'turn-off', 'web', '--undo', 'commit']);
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /has none|is off already|no undo disks/);
});

test('SNAP-13 a test cycle is one script: a start with undo disks, the wait for the end of the test, and the changes are discarded', async () => {
  await gantry.must('vm', 'create', 'test', '--disk', '1G');
  const cycle = async (): Promise<void> => {
    const undo = ['settings.undoDisks.enabled=true', 'settings.undoDisks.onTurnOff=discard'];
    await gantry.must('vm', 'set', 'test', ...undo);
    await gantry.must('vm', 'start', 'test');
    await gantry.must('vm', 'wait', 'test', '--timeout', '60');
  };
  const over = cycle();
  await gantry.must('vm', 'wait', 'test', '--state', 'running', '--timeout', '60');
  const { status } = await gantry.json<Vm>('vm', 'show', 'test');
  assert.notEqual(status.undo, null);
  await gantry.must('vm', 'turn-off', 'test', '--yes');
  await over;
  assert.equal((await gantry.json<Vm>('vm', 'show', 'test')).status.undo, null);
  const discarded = ['event', 'list', '--filter', 'name = vm.undo.discarded'];
  const told = await gantry.json<readonly Event[]>(...discarded);
  assert.ok(told.some(({ target }) => target?.name === 'test'));
  const late = await gantry.run(['vm', 'wait', 'test', '--state', 'running', '--timeout', '1']);
  assert.match(late.err, /vm test is not running/);
});
