import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allVerbs, installationId } from '#api';
import {
  addThings,
  addUser,
  grant,
  newId,
  startPlace,
  topFolderId,
  type Place,
} from '../testing/place.ts';

async function grantOf(place: Place, subject: string, role: string): Promise<string> {
  const { items } = await place.must('GET', '/grants?limit=1000');
  const found = (items as { id: string; subject: string; role: string }[]).find(
    (one) => one.subject === subject && one.role === role,
  );
  assert.ok(found, `grant of ${role} to ${subject}`);
  return found.id;
}

void test('SEC-35 whoever administers the machine holds all levels, and gives them up; the last administrator cannot be disabled, deleted, denied or stripped of the role, the last but one can', async (t) => {
  const place = await startPlace(t);
  const { body } = await place.ask('GET', '/session', { token: place.admin });
  assert.deepEqual(
    body['verbs'],
    allVerbs,
    'by the file that the administrators of the machine read',
  );
  const attempts = async (): Promise<number[]> => {
    const id = await grantOf(place, 'admin', 'administrator');
    const answers = [
      await place.ask('PATCH', '/users/admin?dryRun=true', {
        token: place.admin,
        body: { disabled: true },
      }),
      await place.ask('DELETE', '/users/admin?dryRun=true', { token: place.admin }),
      await place.ask('DELETE', `/grants/${id}?dryRun=true`, { token: place.admin }),
      await place.ask('POST', '/grants?dryRun=true', {
        token: place.admin,
        body: { subject: 'admin', role: 'use', deny: true },
      }),
    ];
    return answers.map(({ status }) => status);
  };
  assert.deepEqual(await attempts(), [409, 409, 409, 409]);
  await addUser(place, 'second');
  await grant(place, 'second', 'server-administrator', 'installation');
  assert.deepEqual(await attempts(), [409, 409, 409, 409]);
  await grant(place, 'second', 'administrator', 'installation');
  assert.deepEqual(await attempts(), [200, 204, 204, 200]);
  const [host, other] = [newId(), newId()];
  await addThings(place, {
    hosts: [
      [host, 'h1'],
      [other, 'h2'],
    ],
  });
  const denial = await grant(place, 'second', 'use', 'host:h1', { deny: true });
  assert.deepEqual(await attempts(), [409, 409, 409, 409], 'who is denied something is none');
  await place.must('DELETE', `/grants/${String(denial['id'])}`);
  await place.must('PATCH', '/users/second', { disabled: true });
  assert.deepEqual(await attempts(), [409, 409, 409, 409]);
});

void test('SEC-35 two administrators who disable each other at the same moment do not both succeed', async (t) => {
  const place = await startPlace(t);
  for (let round = 0; round < 5; round += 1) {
    const [a, b] = [`a-${round}`, `b-${round}`];
    const [one, other] = [await addUser(place, a), await addUser(place, b)];
    await grant(place, a, 'administrator', 'installation');
    await grant(place, b, 'administrator', 'installation');
    if (round === 0)
      await place.ask('PATCH', '/users/admin', { token: one.token, body: { disabled: true } });
    const answers = await Promise.all([
      place.ask('PATCH', `/users/${b}`, { token: one.token, body: { disabled: true } }),
      place.ask('PATCH', `/users/${a}`, { token: other.token, body: { disabled: true } }),
    ]);
    const done = answers.filter(({ status }) => status === 200);
    assert.equal(done.length, 1, answers.map(({ text }) => text).join('\n'));
    // The one that is left brings back the first user, who goes on.
    const left = answers[0]?.status === 200 ? one : other;
    await place.ask('PATCH', '/users/admin', { token: left.token, body: { disabled: false } });
  }
});

void test('nobody makes themselves or others more than they are', async (t) => {
  const place = await startPlace(t);
  const folder = newId();
  await addThings(place, {
    folders: [
      [topFolderId, '', null],
      [folder, 'lab', topFolderId],
    ],
  });
  await place.must('POST', '/roles', { name: 'personnel', verbs: ['user.view', 'user.manage'] });
  await place.must('POST', '/roles', {
    name: 'sharer',
    verbs: ['permission.change', 'folder.view', 'vm.view'],
  });
  const { token: personnel } = await addUser(place, 'paula');
  const { token: sharer } = await addUser(place, 'sam');
  await addUser(place, 'boss', { groups: ['bosses'] });
  await grant(place, 'paula', 'personnel', 'installation');
  await grant(place, 'sam', 'sharer', 'folder:/lab');
  await grant(place, 'bosses', 'administrator', 'installation', { subjectKind: 'group' });
  const tries = async (
    token: string,
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ) => (await place.ask(method, path, { token, body })).status;
  // What the right is for works.
  assert.equal(await tries(personnel, 'POST', '/users', { name: 'new' }), 200);
  assert.equal(await tries(personnel, 'POST', '/users/new/link'), 200);
  assert.equal(
    await tries(sharer, 'POST', '/grants?dryRun=true', {
      subject: 'new',
      role: 'sharer',
      objectKind: 'folder',
      object: '/lab',
    }),
    200,
  );
  // What would lead further does not.
  for (const user of ['admin', 'boss']) {
    assert.equal(await tries(personnel, 'POST', `/users/${user}/link`), 403);
    assert.equal(
      await tries(personnel, 'PATCH', `/users/${user}`, { password: 'plum kettle orbit' }),
      403,
    );
    assert.equal(await tries(personnel, 'PATCH', `/users/${user}`, { disabled: true }), 403);
    assert.equal(await tries(personnel, 'DELETE', `/users/${user}`), 403);
  }
  assert.equal(await tries(personnel, 'PATCH', '/users/paula', { groups: ['bosses'] }), 403);
  assert.equal(await tries(personnel, 'POST', '/users', { name: 'x', groups: ['bosses'] }), 403);
  assert.equal(await tries(personnel, 'POST', '/grants', { subject: 'paula', role: 'use' }), 403);
  for (const body of [
    { subject: 'sam', role: 'administrator', objectKind: 'folder', object: '/lab' },
    { subject: 'sam', role: 'use', objectKind: 'folder', object: '/lab' },
    { subject: 'sam', role: 'sharer' },
    { subject: 'admin', role: 'sharer', objectKind: 'folder', object: '/lab', deny: true },
    {
      subjectKind: 'group',
      subject: 'bosses',
      role: 'sharer',
      objectKind: 'folder',
      object: '/lab',
      deny: true,
    },
  ])
    assert.equal(await tries(sharer, 'POST', '/grants', body), 403, JSON.stringify(body));
  const administrators = await grantOf(place, 'bosses', 'administrator');
  assert.equal(await tries(sharer, 'DELETE', `/grants/${administrators}`), 404);
  assert.equal(await tries(sharer, 'PATCH', '/roles/sharer', { verbs: [...allVerbs] }), 403);
  await place.must('POST', '/grants', { subject: 'sam', role: 'sharer' });
  assert.equal(await tries(sharer, 'PATCH', '/roles/sharer', { verbs: [...allVerbs] }), 403);
  assert.equal(await tries(sharer, 'DELETE', `/grants/${administrators}`), 403);
});

void test('own roles are made, changed and deleted, and built-in ones stay', async (t) => {
  const place = await startPlace(t);
  const role = await place.must('POST', '/roles', {
    name: 'night',
    verbs: ['vm.view', 'vm.power'],
  });
  const { token } = await addUser(place, 'nora');
  await grant(place, 'nora', 'night', 'installation');
  const may = async (verb: string): Promise<unknown> =>
    (await place.must('GET', `/rights/explain?user=nora&verb=${verb}`))['allowed'];
  assert.deepEqual([await may('vm.power'), await may('vm.delete')], [true, false]);
  const changed = await place.must('PATCH', '/roles/night', { verbs: ['vm.view', 'vm.delete'] });
  assert.equal(changed['version'], Number(role['version']) + 1);
  assert.deepEqual([await may('vm.power'), await may('vm.delete')], [false, true]);
  const session = await place.ask('GET', '/session', { token });
  assert.deepEqual(session.body['verbs'], ['vm.view', 'vm.delete']);
  const status = async (method: 'PATCH' | 'DELETE' | 'POST', path: string, body?: unknown) =>
    (await place.ask(method, path, { token: place.admin, body })).status;
  assert.equal(await status('DELETE', '/roles/night'), 409, 'it is granted');
  assert.equal(await status('PATCH', '/roles/administrator', { verbs: [] }), 409);
  assert.equal(await status('DELETE', '/roles/auditor'), 409);
  assert.equal(await status('POST', '/roles', { name: 'administrator', verbs: [] }), 409);
  await place.must('DELETE', `/grants/${await grantOf(place, 'nora', 'night')}`);
  assert.equal(await status('DELETE', '/roles/night'), 204);
});

void test('SEC-38 it is shown why somebody may or may not do something, and where that comes from', async (t) => {
  const place = await startPlace(t);
  const [lab, host, vm] = [newId(), newId(), newId()];
  await addThings(place, {
    folders: [
      [topFolderId, '', null],
      [lab, 'lab', topFolderId],
    ],
    hosts: [[host, 'h1']],
    vms: [[vm, 'web-1', host, lab]],
  });
  const { token } = await addUser(place, 'ada', { groups: ['blue'] });
  await grant(place, 'blue', 'use', 'folder:/lab', { subjectKind: 'group' });
  const explain = async (asked: string, by = place.admin) =>
    (await place.ask('GET', `/rights/explain?verb=vm.power&vm=web-1${asked}`, { token: by })).body;
  const allowed = await explain('&user=ada');
  assert.equal(allowed['allowed'], true);
  assert.deepEqual(
    (allowed['because'] as Record<string, unknown>[]).map(({ grant: id, ...rest }) => {
      assert.ok(typeof id === 'string');
      return rest;
    }),
    [
      {
        role: 'use',
        subjectKind: 'group',
        subject: 'blue',
        objectKind: 'folder',
        object: '/lab',
        deny: false,
      },
    ],
  );
  await grant(place, 'ada', 'vm-operator', 'host:h1', { deny: true });
  const denied = await explain('&user=ada');
  assert.equal(denied['allowed'], false);
  const [first] = denied['because'] as Record<string, unknown>[];
  assert.deepEqual([first?.['deny'], first?.['object'], first?.['subject']], [true, 'h1', 'ada']);
  assert.equal((await explain('', token))['code'], 'not-found', 'denied to see it');
  assert.equal(
    (await place.ask('GET', '/rights/explain?verb=vm.power&user=admin', { token })).status,
    403,
  );
  assert.equal(
    (await place.ask('GET', '/rights/explain?verb=vm.power', { token })).body['allowed'],
    false,
  );
});

void test('what one may do oneself is told for a thing, the installation and anything, within the scope of a token', async (t) => {
  const place = await startPlace(t);
  const [lab, host, web, db] = [newId(), newId(), newId(), newId()];
  await addThings(place, {
    folders: [
      [topFolderId, '', null],
      [lab, 'lab', topFolderId],
    ],
    hosts: [[host, 'h1']],
    vms: [
      [web, 'web-1', host, lab],
      [db, 'db-1', host, lab],
    ],
  });
  const { token } = await addUser(place, 'ada');
  await grant(place, 'ada', 'use', 'folder:/lab');
  const members = [web, db].map((vm) => ({ vm, wait: { for: 'nothing' } }));
  const data = { name: 'shop', description: '', onFailure: 'stop', members };
  const shop = newId();
  await place.coordinator.commit({ writes: [{ kind: 'team', id: shop, data }] });
  const held = async (asked: string, by = token) =>
    (await place.ask('GET', `/rights${asked}`, { token: by })).body as Record<string, string[]>;
  const onVm = await held('?vm=web-1');
  assert.ok(onVm['verbs']?.includes('vm.power'));
  assert.ok(!onVm['verbs']?.includes('vm.delete'));
  assert.deepEqual(onVm['installation'], []);
  assert.deepEqual(onVm['anywhere'], onVm['verbs']);
  assert.deepEqual((await held(''))['verbs'], []);
  assert.deepEqual((await held('', place.admin))['verbs'], [...allVerbs]);
  assert.ok((await held(`?team=${shop}`))['verbs']?.includes('vm.power'));
  assert.ok(!(await held(`?team=${shop}`))['verbs']?.includes('team.manage'));
  await place.must('POST', '/roles', { name: 'switch', verbs: ['vm.power'] });
  await grant(place, 'ada', 'switch', `vm:${db}`, { deny: true });
  assert.ok(!(await held(`?team=${shop}`))['verbs']?.includes('vm.power'), 'denied on one of them');
  assert.ok((await held('?vm=web-1'))['verbs']?.includes('vm.power'));
  const scoped = await place.must('POST', '/tokens', { name: 'look', verbs: ['vm.view'] });
  assert.deepEqual((await held('?vm=web-1', String(scoped['secret'])))['verbs'], ['vm.view']);
  assert.equal((await place.ask('GET', '/rights?host=h1', { token })).status, 404, 'not seen');
});

void test('a dry run says what would be and changes nothing, and a stale change is refused', async (t) => {
  const place = await startPlace(t);
  const head = await place.coordinator.store.head();
  const tried = await place.must('POST', '/users?dryRun=true', { name: 'ada', groups: ['g'] });
  assert.deepEqual([tried['name'], tried['version'], tried['groups']], ['ada', 1, ['g']]);
  await place.must('POST', '/roles?dryRun=true', { name: 'r', verbs: [] });
  await place.must('POST', '/grants?dryRun=true', { subject: 'admin', role: 'use' });
  assert.equal(await place.coordinator.store.head(), head);
  assert.equal((await place.ask('GET', '/users/ada', { token: place.admin })).status, 404);
  await addUser(place, 'ada');
  const read = await place.ask('GET', '/users/ada', { token: place.admin });
  const etag = String(read.headers['etag']);
  const change = (displayName: string, ifMatch: string) =>
    place.ask('PATCH', '/users/ada', {
      token: place.admin,
      headers: { 'if-match': ifMatch },
      body: { displayName },
    });
  assert.equal((await change('Ada', etag)).status, 200);
  const stale = await change('Countess', etag);
  assert.equal(stale.status, 412);
  assert.equal((await place.must('GET', '/users/ada'))['displayName'], 'Ada');
  assert.equal(
    (await place.must('PATCH', '/users/ada?dryRun=true', { groups: ['x'] }))['version'],
    3,
  );
});

void test('a user who is deleted takes grants and tokens along, and one of the same name begins with nothing', async (t) => {
  const place = await startPlace(t);
  const { id, token } = await addUser(place, 'ada');
  await grant(place, 'ada', 'administrator', 'installation');
  assert.equal((await place.ask('GET', '/users', { token })).status, 200);
  await place.must('DELETE', '/users/ada');
  for (const kind of ['grant', 'token', 'session', 'link'] as const)
    for (const { data } of place.coordinator.inventory.documents(kind))
      assert.ok(!JSON.stringify(data).includes(id), kind);
  assert.equal((await place.ask('GET', '/session', { token })).status, 401);
  const again = await addUser(place, 'ada');
  assert.equal((await place.ask('GET', '/users', { token: again.token })).status, 403);
  const session = await place.ask('GET', '/session', { token: again.token });
  assert.deepEqual(session.body['verbs'], []);
});

void test('SEC-36 an access list is kept on one vm by whoever may change its permissions, and by nobody else', async (t) => {
  const place = await startPlace(t);
  const [host, mine, other] = [newId(), newId(), newId()];
  await addThings(place, {
    folders: [[topFolderId, '', null]],
    hosts: [[host, 'h1']],
    vms: [
      [mine, 'mine', host, topFolderId],
      [other, 'other', host, topFolderId],
    ],
  });
  await place.must('POST', '/roles', {
    name: 'owner',
    verbs: allVerbs.filter((verb) => /^vm\.|^permission/.test(verb)),
  });
  await place.must('POST', '/roles', { name: 'looker', verbs: ['vm.view', 'vm.power'] });
  const { token } = await addUser(place, 'ada');
  const bob = await addUser(place, 'bob');
  await grant(place, 'ada', 'owner', 'vm:mine');
  const give = (object: string, by: string) =>
    place.ask('POST', '/grants', {
      token: by,
      body: { subject: 'bob', role: 'looker', objectKind: 'vm', object },
    });
  assert.equal((await give('mine', bob.token)).status, 403);
  const given = await give('mine', token);
  assert.equal(given.status, 200, given.text);
  assert.equal((await give('mine', token)).status, 409, 'twice');
  assert.equal((await give('other', token)).status, 404);
  const seen = await place.ask('GET', '/grants', { token });
  assert.equal(seen.body['total'], 2);
  assert.equal((await place.ask('GET', '/grants', { token: bob.token })).body['total'], 1);
  const id = String(given.body['id']);
  assert.equal((await place.ask('DELETE', `/grants/${id}`, { token: bob.token })).status, 403);
  assert.equal((await place.ask('DELETE', `/grants/${id}`, { token })).status, 204);
  assert.equal((await place.ask('GET', '/grants', { token: bob.token })).body['total'], 0);
  const events = (await place.events()).filter((one) => one.name === 'security.permission.changed');
  assert.deepEqual(
    events.slice(-2).map((one) => [one.attributes['how'], one.attributes['what'], one.actor.name]),
    [
      ['granted', 'role looker for user bob on vm mine', 'ada'],
      ['withdrawn', 'role looker for user bob on vm mine', 'ada'],
    ],
  );
  assert.ok(events.every((one) => one.ancestors.some(({ id: above }) => above === installationId)));
});
