/** Vms of simulated hosts that move to another one, as those with QEMU do. The tests build on each other. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { placeName, type Operation, type Page, type Snapshot, type Vm } from '#api';
import { miB } from '#lib';
import { Stage, type AgentProcess } from '../../src/coordinator/testing/stage.ts';

let stage: Stage;
let ann: AgentProcess;

before(async () => {
  stage = await Stage.open();
  [ann] = await Promise.all([stage.addHost('ann', 1), stage.addHost('ben')]);
});
after(() => stage?.[Symbol.asyncDispose]());

async function perform(method: string, path: string, body?: unknown): Promise<Operation> {
  const ended = await stage.act(method, path, body);
  assert.equal(ended.state, 'done', `${method} ${path}: ${JSON.stringify(ended.fault)}`);
  return ended;
}

function shown(name: string): Vm {
  return stage.vm(name) ?? assert.fail(`there is no vm ${name}`);
}

async function list(): Promise<readonly Vm[]> {
  return ((await stage.send('GET', '/vms?sort=name')).json as Page<Vm>).items;
}

/** An agent that was killed is there again, and has told what it has. */
async function restartAnn(): Promise<void> {
  await ann.end();
  await stage.until(() => stage.host('ann')?.status !== 'ready', 'ann is lost');
  ann.run();
  await stage.until(() => stage.host('ann')?.status === 'ready', 'ann is back', 30_000);
}

void test('a simulated vm that is saved moves with its disk, its snapshot and its state, and goes on there', async () => {
  await perform('POST', '/vms', {
    name: 'web',
    host: 'ann',
    memoryBytes: 64 * miB,
    disk: { kind: 'new', sizeBytes: 640 * miB, format: 'qcow2' },
  });
  await perform('POST', '/vms/web/actions/turn-on', {});
  await perform('POST', '/vms/web/snapshots', { name: 'first', memory: true });
  await perform('POST', '/vms/web/actions/save', {});
  const before = shown('web');
  const running = await stage.send('POST', '/vms/web/relocate', { body: { host: 'ann' } });
  assert.match(running.text, /web is on host ann already/);
  const { result } = await perform('POST', '/vms/web/relocate', { host: 'ben' });
  assert.equal(result?.['host'], 'ben');
  const after = shown('web');
  assert.deepEqual([after.host, after.state, after.path], ['ben', 'saved', '/simulated/ben/web']);
  assert.deepEqual([after.id, after.definition], [before.id, before.definition]);
  await perform('POST', '/vms/web/actions/restore', {});
  await perform('POST', '/vms/web/actions/turn-off', {});
  await perform('POST', '/vms/web/snapshots/first/revert', {});
  const { items } = (await stage.send('GET', '/vms/web/snapshots')).json as Page<Snapshot>;
  assert.deepEqual(
    items.map(({ name, memoryBytes }) => [name, memoryBytes]),
    [['first', 64 * miB]],
  );
  // The memory of the snapshot is what it was taken back to.
  assert.equal(shown('web').state, 'running');
  await perform('POST', '/vms/web/actions/turn-off', {});
});

void test('its disk is a file of the other host then', async () => {
  await perform('DELETE', '/vms/web/snapshots/first');
  const [disk] = shown('web').definition.hardware.disks;
  assert.ok(disk !== undefined);
  const path = '/vms/web/disks';
  await perform('DELETE', `${path}/${placeName(disk)}`);
  await perform('POST', path, { kind: 'existing', file: disk.file, format: disk.format });
  const [attached] = shown('web').definition.hardware.disks;
  assert.deepEqual([attached?.file, attached?.sizeBytes], [disk.file, 640 * miB]);
});

void test('its files move to another folder of its host, and it is the only vm that has them', async () => {
  await perform('POST', '/vms/web/relocate', { path: '/simulated/fast' });
  assert.equal(shown('web').path, '/simulated/fast/web');
});

void test('a simulated vm that runs goes on on another host, and stays where an agent ends on the way', async () => {
  await perform('POST', '/vms/web/actions/turn-on', {});
  const { startedAt } = shown('web').status;
  const { result } = await perform('POST', '/vms/web/relocate', { host: 'ann' });
  assert.equal(result?.['sentBytes'], 64 * miB);
  const there = shown('web');
  assert.deepEqual(
    [there.host, there.state, there.status.startedAt],
    ['ann', 'running', startedAt],
  );
  const slowly = { host: 'ben', bytesPerSecond: miB };
  const { json, status } = await stage.send('POST', '/vms/web/relocate', { body: slowly });
  assert.equal(status, 202);
  const { id } = json as Operation;
  const isSending = (): boolean =>
    stage.coordinator.inventory
      .operation(id)
      ?.steps.some(({ note }) => note === 'sending the memory') === true;
  await stage.until(isSending, 'the memory is on its way');
  await restartAnn();
  assert.equal((await stage.coordinator.operations.wait(id, 60_000)).state, 'failed');
  assert.deepEqual([shown('web').host, shown('web').state], ['ann', 'running']);
  await perform('POST', '/vms/web/relocate', { host: 'ben' });
  assert.equal(shown('web').status.startedAt, startedAt);
  await perform('POST', '/vms/web/actions/turn-off', {});
});

void test('a vm of the fleet that has moved, or was deleted, is not there again when its first agent comes back', async () => {
  const fleet = (await list()).find(({ host }) => host === 'ann') ?? assert.fail('no fleet');
  if (!['off', 'saved'].includes(fleet.state))
    await perform('POST', `/vms/${fleet.id}/actions/turn-off`, {});
  await perform('POST', `/vms/${fleet.id}/relocate`, { host: 'ben' });
  await restartAnn();
  assert.deepEqual(
    new Map((await list()).map(({ id, host }) => [id, host])),
    new Map([fleet.id, shown('web').id].map((id) => [id, 'ben'])),
  );
  await perform('POST', `/vms/${fleet.id}/relocate`, { host: 'ann' });
  await perform('DELETE', `/vms/${fleet.id}`);
  await restartAnn();
  assert.deepEqual(
    (await list()).map(({ name }) => name),
    ['web'],
  );
});
