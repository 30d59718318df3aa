/** Quotas and offers through the API, on a host with QEMU. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { giB, miB } from '#lib';
import type { Event, Offers, Operation, Page, Problem, Quota } from '#api';
import { Stage, type Answer } from '../testing/stage.ts';

let stage: Stage;
let ada: string;
let bob: string;
before(async () => {
  stage = await Stage.open();
  await stage.addQemuHost('h1');
  for (const name of ['people', 'templates'])
    await stage.send('POST', '/folders', { body: { name } });
  for (const name of ['ada', 'bob'])
    await stage.send('POST', '/folders', { body: { name, parent: '/people' } });
  for (const name of ['golden', 'hidden'])
    await stage.act('POST', '/vms', { name, folder: '/', disk: { kind: 'new', sizeBytes: giB } });
  await stage.send('POST', '/vms/golden/move', { body: { folder: '/templates' } });
  for (const name of ['golden', 'hidden']) await stage.act('PUT', `/vms/${name}/template`);
  const grantsOf = (name: string) => [
    { role: 'self-service', objectKind: 'folder', object: `/people/${name}` },
    { role: 'template-user', objectKind: 'folder', object: '/templates' },
  ];
  ada = await stage.addUser('ada', grantsOf('ada'));
  bob = await stage.addUser('bob', grantsOf('bob'));
});
after(() => stage[Symbol.asyncDispose]());

const at = (folder: string): string => `/folders/${encodeURIComponent(folder)}/quota`;

async function set(folder: string, body: object, token?: string): Promise<Answer> {
  return await stage.send('PUT', at(folder), token === undefined ? { body } : { body, token });
}

async function quotaOf(folder: string): Promise<Quota> {
  return (await stage.send('GET', at(folder))).json as Quota;
}

/** Made of the template; waited for where it is accepted. */
async function make(token: string, name: string, folder: string): Promise<Answer> {
  const body = { name, folder, linked: true };
  const answer = await stage.send('POST', '/vms/golden/clone', { body, token });
  if (answer.status !== 202) return answer;
  const { id } = answer.json as Operation;
  const ended = await stage.coordinator.operations.wait(id, 20_000);
  assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
  return answer;
}

function codesOf({ json, status, text }: Answer): readonly string[] {
  assert.equal(status, 409, text);
  return ((json as Problem).reasons ?? []).map(({ code }) => code);
}

test('a quota is set by who manages the folder above, is shown with its use, and is an event', async () => {
  const { status, text, json } = await set('/people/ada', { vms: 2, memoryBytes: 64 * giB });
  assert.equal(status, 200, text);
  const { folder, limits, used, updatedAt } = json as Quota;
  assert.deepEqual(
    [folder, limits],
    ['/people/ada', { vms: 2, processors: null, memoryBytes: 64 * giB, diskBytes: null }],
  );
  assert.deepEqual(used, { vms: 0, processors: 0, memoryBytes: 0, diskBytes: 0 });
  assert.ok(updatedAt !== null);
  // Who manages the folder itself does not give it more.
  const chief = await stage.addUser('chief', [
    { role: 'administrator', objectKind: 'folder', object: '/people/ada' },
  ]);
  assert.equal((await set('/people/ada', { vms: 9 }, chief)).status, 403);
  const cleared = await stage.send('DELETE', at('/people/ada'), { token: chief });
  assert.equal(cleared.status, 403);
  assert.equal((await set('/people/ada', {})).status, 400);
  const listed = async (token: string) =>
    ((await stage.send('GET', '/quotas', { token })).json as { items: Quota[] }).items;
  assert.deepEqual(
    (await listed(ada)).map((one) => one.folder),
    ['/people/ada'],
  );
  assert.deepEqual(await listed(bob), [], 'of folders that one may not see');
  const events = await stage.send('GET', '/events?filter=name=folder.quota.changed&sort=seq');
  assert.deepEqual(
    (events.json as Page<Event>).items.map(({ message }) => message),
    ['The quota of folder /people/ada is now 2 vms, 64 GiB of memory'],
  );
});

test('people see what is offered to them, and where they may make it', async () => {
  const offersTo = async (token: string) =>
    (await stage.send('GET', '/offers', { token })).json as Offers;
  const { places, templates } = await offersTo(ada);
  assert.deepEqual(
    templates.map(({ name, takes }) => [name, takes.vms, takes.diskBytes]),
    [['golden', 1, giB]],
  );
  assert.deepEqual(
    places.map(({ path, quotas }) => [path, quotas.map(({ limits }) => limits.vms)]),
    [['/people/ada', [2]]],
  );
  assert.deepEqual(templates[0]?.places, [places[0]?.id]);
  assert.deepEqual(
    (await offersTo(bob)).places.map(({ path, quotas }) => [path, quotas]),
    [['/people/bob', []]],
  );
  const nobody = await stage.addUser('nobody');
  assert.deepEqual(await offersTo(nobody), { templates: [], places: [] });
});

test('vms are made within the quota, the next is refused with what is used, and what is given back may be made again', async () => {
  for (const name of ['ada-1', 'ada-2'])
    assert.equal((await make(ada, name, '/people/ada')).status, 202);
  const third = await make(ada, 'ada-3', '/people/ada');
  assert.deepEqual(codesOf(third), ['quota-vms']);
  assert.match(
    third.text,
    /folder \/people\/ada may have 2 vms; it has 2 vms, and this is 1 vm more/,
  );
  const dry = await stage.send('POST', '/vms/golden/clone?dryRun=true', {
    body: { name: 'ada-3', folder: '/people/ada' },
    token: ada,
  });
  assert.deepEqual(codesOf(dry), ['quota-vms']);
  // Nor from nothing, nor elsewhere.
  const plain = await stage.send('POST', '/vms', {
    body: { name: 'ada-3', folder: '/people/ada' },
    token: ada,
  });
  assert.deepEqual(codesOf(plain), ['quota-vms']);
  assert.equal((await make(ada, 'ada-3', '/people/bob')).status, 404);
  assert.equal((await make(ada, 'ada-3', '/')).status, 403);
  assert.equal((await make(bob, 'bob-1', '/people/bob')).status, 202);
  // Only one's own are seen and given back.
  assert.equal((await stage.send('GET', '/vms/bob-1', { token: ada })).status, 404);
  assert.equal((await stage.send('DELETE', '/vms/bob-1', { token: ada })).status, 404);
  const gone = await stage.send('DELETE', '/vms/ada-2', { token: ada });
  assert.equal(gone.status, 202, gone.text);
  await stage.coordinator.operations.wait((gone.json as Operation).id, 20_000);
  assert.equal((await quotaOf('/people/ada')).used.vms, 1);
  assert.equal((await make(ada, 'ada-3', '/people/ada')).status, 202);
});

test('whatever makes a vm larger is judged: hardware, disks, moves, folders; what is smaller is let pass', async () => {
  const { used } = await quotaOf('/people/ada');
  const limits = { vms: 2, processors: used.processors, memoryBytes: used.memoryBytes };
  assert.equal((await set('/people/ada', { ...limits, diskBytes: used.diskBytes })).status, 200);
  const patch = (hardware: object) =>
    stage.send('PATCH', '/vms/ada-1', { body: { hardware }, token: ada });
  assert.deepEqual(codesOf(await patch({ processor: { count: 9 } })), ['quota-processors']);
  assert.deepEqual(codesOf(await patch({ memory: { sizeBytes: 8 * giB } })), ['quota-memory']);
  const disk = { kind: 'new', sizeBytes: giB };
  const attached = await stage.send('POST', '/vms/ada-1/disks', { body: disk, token: ada });
  assert.deepEqual(codesOf(attached), ['quota-disk']);
  const smaller = await patch({ memory: { sizeBytes: 128 * miB } });
  assert.equal(smaller.status, 202, smaller.text);
  await stage.coordinator.operations.wait((smaller.json as Operation).id, 20_000);
  assert.ok((await quotaOf('/people/ada')).used.memoryBytes < used.memoryBytes);
  // An administrator is held to it as everybody is.
  const moved = await stage.send('POST', '/vms/bob-1/move', { body: { folder: '/people/ada' } });
  assert.ok(codesOf(moved).includes('quota-vms'));
  const parent = { body: { parent: '/people/ada' } };
  const folder = await stage.send('PATCH', '/folders/%2Fpeople%2Fbob', parent);
  assert.ok(codesOf(folder).includes('quota-vms'));
  // The one above counts all of those below.
  assert.equal((await set('/people', { vms: 3 })).status, 200);
  assert.equal((await quotaOf('/people')).used.vms, 3);
  assert.deepEqual(codesOf(await make(bob, 'bob-2', '/people/bob')), ['quota-vms']);
  assert.equal((await stage.send('DELETE', at('/people'))).status, 204);
  assert.equal((await make(bob, 'bob-2', '/people/bob')).status, 202);
});

test('what is kept is counted again when the coordinator comes back', async () => {
  const counted = await quotaOf('/people/ada');
  await stage.restart();
  assert.deepEqual(await quotaOf('/people/ada'), counted);
});
