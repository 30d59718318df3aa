import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { topFolderId, type Event, type Folder } from '#api';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage, type Answer } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  await agent.connect([makeRecord(makeDefinition('web-1'), 1)]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function make(name: string, parent = '/'): Promise<Folder> {
  const { status, json, text } = await stage.send('POST', '/folders', { body: { name, parent } });
  assert.equal(status, 200, text);
  return json as Folder;
}

const change = (id: string, body: unknown): Promise<Answer> =>
  stage.send('PATCH', `/folders/${encodeURIComponent(id)}`, { body });

test('folders lie in folders and are found by path', async () => {
  await make('lab');
  const blue = await make('blue', '/lab');
  assert.equal(blue.path, '/lab/blue');
  const { json } = await stage.send('GET', '/folders/%2Flab%2Fblue');
  assert.equal((json as Folder).id, blue.id);
});

test('the same name is free in another folder and taken in the same one', async () => {
  await make('twin');
  await make('twin', '/lab');
  const again = await stage.send('POST', '/folders', { body: { name: 'twin', parent: '/lab' } });
  assert.equal(again.status, 409);
});

test('a folder is renamed and moved with everything in it', async () => {
  const outer = await make('outer');
  const inner = await make('inner', '/outer');
  assert.equal((await change(outer.id, { name: 'shell', parent: '/lab' })).status, 200);
  const { json } = await stage.send('GET', `/folders/${inner.id}`);
  assert.equal((json as Folder).path, '/lab/shell/inner');
  const events = await stage.send('GET', `/events?about=${outer.id}&filter=name=folder.changed`);
  const [event] = (events.json as { items: Event[] }).items;
  assert.equal(event?.attributes['oldPath'], '/outer');
  assert.equal(event?.attributes['newPath'], '/lab/shell');
});

test('a folder cannot lie in itself, nor below itself, and two moves at once make no circle', async () => {
  const one = await make('one');
  const two = await make('two');
  assert.equal((await change(one.id, { parent: one.id })).status, 409);
  const answers = await Promise.all([
    change(one.id, { parent: two.id }),
    change(two.id, { parent: one.id }),
  ]);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 409]));
});

test('folders are nested at most twelve deep', async () => {
  let path = '';
  for (let depth = 0; depth < 11; depth += 1) {
    await make(`d${depth}`, path === '' ? '/' : path);
    path += `/d${depth}`;
  }
  const deeper = await stage.send('POST', '/folders', { body: { name: 'deep', parent: path } });
  assert.equal(deeper.status, 413, deeper.text);
});

test('the top folder stays', async () => {
  assert.equal((await change(topFolderId, { name: 'x' })).status, 409);
  assert.equal((await stage.send('DELETE', `/folders/${topFolderId}`)).status, 409);
});

test('a folder with something in it is not deleted, an empty one is, with its grants', async () => {
  const { id } = await make('full');
  const moved = await stage.send('POST', '/vms/web-1/move', { body: { folder: '/full' } });
  assert.equal(moved.status, 200, moved.text);
  const refused = await stage.send('DELETE', `/folders/${id}`);
  assert.equal(refused.status, 409);
  assert.match(refused.text, /not empty/);
  await stage.addUser('somebody', [{ role: 'use', objectKind: 'folder', object: '/full' }]);
  const grants = stage.coordinator.inventory.count('grant');
  await stage.send('POST', '/vms/web-1/move', { body: { folder: '/' } });
  assert.equal((await stage.send('DELETE', `/folders/${id}`)).status, 204);
  assert.equal(stage.coordinator.inventory.count('grant'), grants - 1);
  assert.equal((await stage.send('GET', `/folders/${id}`)).status, 404);
});

test('EVT-55 the events of a vm stay with the folder it was in then', async () => {
  const { id } = await make('history');
  await stage.send('POST', '/vms/web-1/move', { body: { folder: '/history' } });
  await stage.send('POST', '/vms/web-1/move', { body: { folder: '/' } });
  const { json } = await stage.send('GET', `/events?about=${id}&filter=name=vm.moved`);
  const [event] = (json as { items: Event[] }).items;
  assert.equal(event?.attributes['newFolder'], '/history');
});
