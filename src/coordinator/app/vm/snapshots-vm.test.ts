/** Snapshots through the API, on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Event, Operation, Problem, Snapshot, Vm } from '#api';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
});
after(() => stage[Symbol.asyncDispose]());

async function makeVm(name: string, definition: object = {}): Promise<void> {
  const disk = { kind: 'new', sizeBytes: 1024 ** 3 };
  await done('POST', '/vms', { name, disk, definition });
}

async function done(method: string, path: string, body?: unknown): Promise<Operation> {
  const operation = await stage.act(method, path, body);
  assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
  return operation;
}

async function refused(method: string, path: string, body?: unknown): Promise<Problem> {
  const { json, status, text } = await stage.send(method, path, { body });
  assert.equal(status, 409, text);
  return json as Problem;
}

const take = (vm: string, name: string, more: object = {}): Promise<Operation> =>
  done('POST', `/vms/${vm}/snapshots`, { name, ...more });

async function list(vm: string): Promise<readonly Snapshot[]> {
  const { json } = await stage.send('GET', `/vms/${vm}/snapshots`);
  return (json as { items: Snapshot[] }).items;
}

/** `name<parent`, and the present one with an asterisk. */
async function tree(vm: string): Promise<string[]> {
  const all = await list(vm);
  const nameOf = (id: string | null): string => all.find((one) => one.id === id)?.name ?? '-';
  return all.map(({ name, parent, present }) => `${name}<${nameOf(parent)}${present ? '*' : ''}`);
}

async function show(vm: string): Promise<Vm> {
  return (await stage.send('GET', `/vms/${vm}`)).json as Vm;
}

test('SNAP-01 SNAP-04 snapshots make a tree with the present position, author, time and description', async () => {
  await makeVm('tree');
  await take('tree', 'one', { description: 'as delivered' });
  await take('tree', 'two');
  await done('POST', '/vms/tree/snapshots/one/revert', {});
  await take('tree', 'three');
  assert.deepEqual(await tree('tree'), ['one<-', 'two<one', 'three<one*']);
  const [one] = await list('tree');
  assert.equal(one?.description, 'as delivered');
  assert.equal(typeof one?.author, 'string');
  assert.ok(Math.abs(Date.parse(one?.takenAt ?? '') - Date.now()) < 60_000);
  assert.deepEqual((await show('tree')).status.snapshots, { count: 3, present: 'three' });
  await done('DELETE', '/vms/tree/snapshots/one');
  assert.deepEqual(await tree('tree'), ['two<-', 'three<-*']);
  await done('PATCH', '/vms/tree/snapshots/two', { name: 'second' });
  assert.deepEqual(await tree('tree'), ['second<-', 'three<-*']);
  assert.match(
    (await refused('POST', '/vms/tree/snapshots', { name: 'second' })).detail ?? '',
    /already/,
  );
});

test('SNAP-02 SNAP-08 a revert takes hardware settings back, and can keep the present first', async () => {
  await makeVm('back');
  const { hardware } = (await show('back')).definition;
  await take('back', 'small');
  await done('PATCH', '/vms/back', { description: 'new', hardware: { sound: 'ac97' } });
  await done('POST', '/vms/back/snapshots/small/revert', { snapshotFirst: 'loud' });
  const { definition } = await show('back');
  assert.equal(definition.hardware.sound, hardware.sound);
  assert.deepEqual(definition.hardware.adapters, hardware.adapters);
  assert.equal(definition.description, 'new');
  assert.deepEqual(await tree('back'), ['small<-*', 'loud<small']);
  await done('POST', '/vms/back/snapshots/loud/revert', {});
  assert.equal((await show('back')).definition.hardware.sound, 'ac97');
  const { json } = await stage.send('GET', '/vms/back/actions');
  const { actions } = json as { actions: { action: string; confirm?: string }[] };
  const revert = actions.find(({ action }) => action === 'revert-snapshot');
  assert.match(revert?.confirm ?? '', /present content .* lost/);
});

test('SNAP-05 a limit is kept; with limit 1 a new snapshot replaces the old one when that is asked for', async () => {
  await makeVm('one', { settings: { snapshots: { limit: 1 } } });
  await take('one', 'first');
  const problem = await refused('POST', '/vms/one/snapshots', { name: 'second' });
  assert.match(problem.detail ?? '', /has 1 snapshots and may have 1/);
  await take('one', 'second', { atLimit: 'replace-oldest' });
  assert.deepEqual(await tree('one'), ['second<-*']);
  await take('one', 'second', { atLimit: 'replace-oldest' });
  assert.deepEqual(await tree('one'), ['second<-*']);
});

test('SNAP-24 taking, reverting, deleting are operations and events, also while the vm runs; a saved vm is refused with the reason', async () => {
  await makeVm('told');
  const operation = await take('told', 'one');
  assert.equal(operation.action, 'vm.snapshot.take');
  await done('POST', '/vms/told/snapshots/one/revert', {});
  await done('DELETE', '/vms/told/snapshots/one');
  await done('POST', '/vms/told/actions/turn-on', {});
  await done('POST', '/vms/told/snapshots', { name: 'two', memory: true });
  await done('POST', '/vms/told/snapshots/two/revert', {});
  assert.equal((await show('told')).state, 'running');
  await done('POST', '/vms/told/snapshots/two/revert', { memory: 'leave' });
  assert.equal((await show('told')).state, 'off');
  await done('POST', '/vms/told/actions/turn-on', {});
  await done('POST', '/vms/told/actions/save', {});
  const problem = await refused('POST', '/vms/told/snapshots', { name: 'three' });
  assert.match(`${problem.detail ?? ''} ${problem.hint ?? ''}`, /saved.*restore the vm/);
  const names = await eventNames('told');
  for (const name of ['vm.snapshot.taken', 'vm.snapshot.reverted', 'vm.snapshot.deleted'])
    assert.ok(names.includes(name), name);
});

async function eventNames(vm: string): Promise<string[]> {
  const { id } = await show(vm);
  const { json } = await stage.send('GET', `/events?limit=1000&filter=target.id=${id}`);
  return (json as { items: Event[] }).items.map(({ name }) => name);
}
