/** Undo disks through the API, on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Problem, Vm } from '#api';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
  await stage.act('POST', '/vms', { name: 'web', disk: { kind: 'new', sizeBytes: 1024 ** 3 } });
});
after(() => stage[Symbol.asyncDispose]());

const enable = (enabled: boolean): unknown => ({ settings: { undoDisks: { enabled } } });

async function act(action: string, body: object = {}): Promise<void> {
  const operation = await stage.act('POST', `/vms/web/actions/${action}`, body);
  assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
}

async function refused(method: string, path: string, body: unknown): Promise<Problem> {
  const { json, status, text } = await stage.send(method, path, { body });
  assert.equal(status, 409, text);
  return json as Problem;
}

async function show(): Promise<Vm> {
  return (await stage.send('GET', '/vms/web')).json as Vm;
}

test('DISK-29 DISK-32 undo disks are switched while the vm is off, and it is off again only after a decision', async () => {
  assert.match(
    (await refused('POST', '/vms/web/actions/turn-off?dryRun=true', { undo: 'discard' })).detail ??
      '',
    /none/,
  );
  await act('turn-on');
  assert.match(
    (await refused('PATCH', '/vms/web', enable(true))).detail ?? '',
    /only while it is off/,
  );
  await act('turn-off');
  assert.equal((await stage.act('PATCH', '/vms/web', enable(true))).state, 'done');
  await act('turn-on');
  assert.match(
    (await refused('PATCH', '/vms/web', enable(false))).detail ?? '',
    /only while it is off/,
  );
  await act('turn-off');
  const { undo } = (await show()).status;
  assert.ok(undo !== null && (undo.sizeBytes ?? 0) > 0, JSON.stringify(undo));
  const problem = await refused('PATCH', '/vms/web', enable(false));
  assert.match(problem.hint ?? '', /commit-undo/);
  await act('discard-undo');
  assert.equal((await show()).status.undo, null);
  assert.equal((await stage.act('PATCH', '/vms/web', enable(false))).state, 'done');
});

test('DISK-36 undo disks that may grow larger than what is free are warned of with the figures', async () => {
  const disk = { kind: 'new', sizeBytes: 40 * 1024 ** 4 };
  await stage.act('POST', '/vms', { name: 'large', disk });
  await stage.act('POST', '/vms/large/disks', disk);
  const body = enable(true);
  const { json } = await stage.send('PATCH', '/vms/large?dryRun=true', { body });
  const { warnings } = json as { warnings: { code: string; text: string }[] };
  const warning = warnings.find(({ code }) => code === 'undo-space');
  assert.match(warning?.text ?? '', /up to 80 TiB, .* are free on/);
});

test('DISK-62 a shared disk is raw, has no undo disks, and keeps its vm from snapshots and from being saved, each refused with the reason', async () => {
  const disk = { bus: 'scsi', controller: 0, position: 1, file: 'quorum', sizeBytes: 1024 ** 2 };
  const create = (format: string): unknown => ({
    name: 'node',
    definition: { hardware: { disks: [{ ...disk, format, shared: true, cache: 'none' }] } },
  });
  const invalid = await stage.send('POST', '/vms', { body: create('qcow2') });
  assert.equal(invalid.status, 400, invalid.text);
  assert.match(invalid.text, /a shared disk is raw: what grows, as qcow2 does/);
  assert.equal((await stage.act('POST', '/vms', create('raw'))).state, 'done');
  const place = /scsi0:1/;
  const undo = await refused('PATCH', '/vms/node', enable(true));
  assert.match(undo.detail ?? '', /shares its disk scsi0:1: no undo disks/);
  assert.equal((await stage.act('POST', '/vms/node/actions/turn-on', {})).state, 'done');
  const saved = await refused('POST', '/vms/node/actions/save', {});
  assert.match(saved.detail ?? '', /shares its disk at scsi0:1, which other vms go on writing/);
  const { state, fault } = await stage.act('POST', '/vms/node/snapshots', { name: 'one' });
  assert.equal(state, 'failed');
  assert.match(fault?.message ?? '', place);
  assert.match(fault?.message ?? '', /is shared with other vms/);
});

test('a disk that is attached as shared is past the cache of its host, and one that could not be is refused', async () => {
  await stage.act('POST', '/vms', { name: 'one' });
  await stage.act('POST', '/vms', { name: 'two' });
  const made = { kind: 'new', sizeBytes: 1024 ** 2, format: 'raw', bus: 'scsi', shared: true };
  const { state, result } = await stage.act('POST', '/vms/one/disks', made);
  assert.equal(state, 'done');
  const { path } = (await stage.send('GET', '/vms/one')).json as Vm;
  const file = `${path}/${String(result?.['file'])}`;
  const there = { kind: 'existing', file, format: 'raw', bus: 'scsi', shared: true };
  assert.equal((await stage.act('POST', '/vms/two/disks', there)).state, 'done');
  for (const name of ['one', 'two']) {
    const { definition } = (await stage.send('GET', `/vms/${name}`)).json as Vm;
    const disk = definition.hardware.disks.find(({ bus }) => bus === 'scsi');
    assert.deepEqual([disk?.shared, disk?.cache], [true, 'none']);
  }
  const grows = { ...made, format: 'qcow2', position: 1 };
  const invalid = await stage.send('POST', '/vms/one/disks', { body: grows });
  assert.match(invalid.text, /a shared disk is raw/);
});
