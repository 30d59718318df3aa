/** The three levels of access and the roles made of them, by what they let people do, on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { builtInRoles, routes, type Event, type Operation, type Route, type Verb } from '#api';
import { Stage, type Answer } from '../testing/stage.ts';

let stage: Stage;
const names = ['web', 'db', 'mail'] as const;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
  await stage.send('POST', '/folders', { body: { name: 'lab' } });
  for (const name of names) await stage.act('POST', '/vms', { name });
});
after(() => stage[Symbol.asyncDispose]());

/** What somebody tries on a vm. */
const attempts = {
  see: ['GET', '', undefined],
  configure: ['PATCH', '', { definition: { description: 'changed' } }],
  attach: ['POST', '/disks', { sizeBytes: 1024 ** 2 }],
  control: ['POST', '/actions/turn-on', {}],
  console: ['POST', '/keys', { keys: ['a'] }],
  media: ['DELETE', '/media/sata0:5', undefined],
  move: ['POST', '/move', { folder: '/lab' }],
  delete: ['DELETE', '', undefined],
} as const;
type Attempt = keyof typeof attempts;

const isRefused = ({ status }: Answer): boolean => [401, 403, 404].includes(status);

/** What of it the person may do; nothing that is tried with a dry run changes anything. */
async function allowed(token: string, vm: string): Promise<readonly Attempt[]> {
  const open: Attempt[] = [];
  for (const [name, [method, path, body]] of Object.entries(attempts)) {
    const dry = ['see', 'console'].includes(name) ? '' : '?dryRun=true';
    const answer = await stage.send(method, `/vms/${vm}${path}${dry}`, {
      token,
      ...(body === undefined ? {} : { body }),
    });
    assert.ok(answer.status < 500, answer.text);
    const isMissing = name === 'media' && answer.status === 404 && /sata0:5/.test(answer.text);
    if (!isRefused(answer) || isMissing) open.push(name as Attempt);
  }
  return open;
}

async function createVm(token: string, body: object): Promise<Answer> {
  return await stage.send('POST', '/vms', {
    token,
    body,
    headers: { prefer: 'wait=30' },
  });
}

const canCreate = async (token: string): Promise<boolean> =>
  !isRefused(await stage.send('POST', '/vms?dryRun=true', { token, body: { name: 'new' } }));

test('who may create vms in a place makes them there, and configures and controls those', async () => {
  const places = [
    {
      of: 'folder',
      folder: '/lab',
      grants: [{ role: 'create', objectKind: 'folder', object: '/lab' }],
    },
    { of: 'host', folder: '/', grants: [{ role: 'create', objectKind: 'host', object: 'h1' }] },
    { of: 'installation', folder: '/lab', grants: [{ role: 'create' }] },
  ];
  for (const { of, folder, grants } of places) {
    const token = await stage.addUser(`creates-in-${of}`, grants);
    const name = `made-in-${of}`;
    const made = await createVm(token, { name, folder });
    assert.equal((made.json as Operation).state, 'done', made.text);
    assert.deepEqual(await allowed(token, name), [
      'see',
      'configure',
      'attach',
      'control',
      'console',
      'media',
    ]);
    assert.deepEqual(await allowed(token, 'web'), [], 'of others it says nothing');
  }
  const elsewhere = await stage.addUser('elsewhere', places[0]?.grants);
  assert.ok(isRefused(await createVm(elsewhere, { name: 'stray', folder: '/' })));
});

test("a creator's grant is shown, is an event, and goes with the vm; an administrator needs none", async () => {
  const grants = async (): Promise<readonly { object: string; subject: string; role: string }[]> =>
    (
      (await stage.send('GET', '/grants?limit=1000')).json as {
        items: { object: string; subject: string; role: string }[];
      }
    ).items;
  const mine = (await grants()).filter(({ object }) => object === 'made-in-folder');
  assert.deepEqual(
    mine.map(({ subject, role }) => [subject, role]),
    [['creates-in-folder', 'vm-administrator']],
  );
  const { json } = await stage.send(
    'GET',
    '/events?filter=name=security.permission.changed&limit=1000',
  );
  const told = (json as { items: Event[] }).items.filter(
    ({ actor }) => actor.name === 'creates-in-folder',
  );
  assert.match(
    told[0]?.message ?? '',
    /vm-administrator for user creates-in-folder on vm made-in-folder/,
  );
  const before = (await grants()).length;
  await stage.act('POST', '/vms', { name: 'by-admin' });
  assert.equal((await grants()).length, before);
  await stage.act('DELETE', '/vms/made-in-folder');
  assert.equal((await grants()).length, before - 1);
});

test('SEC-32 level two permits to reconfigure the one vm it is granted on', async () => {
  const token = await stage.addUser('two', [
    { role: 'reconfigure', objectKind: 'vm', object: 'web' },
  ]);
  assert.deepEqual(await allowed(token, 'web'), ['see', 'configure', 'attach']);
  assert.deepEqual(await allowed(token, 'db'), []);
  assert.equal(await canCreate(token), false);
});

test('SEC-33 level three permits console, power controls and media of the one vm it is granted on', async () => {
  const token = await stage.addUser('three', [{ role: 'use', objectKind: 'vm', object: 'web' }]);
  assert.deepEqual(await allowed(token, 'web'), ['see', 'control', 'console', 'media']);
  assert.deepEqual(await allowed(token, 'db'), []);
  assert.equal(await canCreate(token), false);
});

test('SEC-39 server administrators control hosts and configure all vms, and give nobody rights', async () => {
  const token = await stage.addUser('server', [{ role: 'server-administrator' }]);
  const may = async (method: string, path: string, body?: object): Promise<boolean> =>
    !isRefused(await stage.send(method, path, { token, ...(body === undefined ? {} : { body }) }));
  assert.ok(await may('PATCH', '/hosts/h1?dryRun=true', { settings: {} }));
  assert.ok(await may('POST', '/hosts/h1/probe'));
  assert.ok(await may('POST', '/hosts/h1/actions/save-all?dryRun=true', {}));
  assert.ok(await may('DELETE', '/hosts/h1?dryRun=true'));
  for (const name of names)
    assert.deepEqual(await allowed(token, name), Object.keys(attempts), name);
  assert.equal(await may('POST', '/users', { name: 'friend' }), false);
  assert.equal(await may('POST', '/grants', { subject: 'server', role: 'administrator' }), false);
});

test('SEC-41 vm administrators configure and control the chosen vms and nothing else', async () => {
  const token = await stage.addUser(
    'vm-admin',
    ['web', 'db'].map((object) => ({ role: 'vm-administrator', objectKind: 'vm', object })),
  );
  for (const name of ['web', 'db'])
    assert.deepEqual(await allowed(token, name), [
      'see',
      'configure',
      'attach',
      'control',
      'console',
      'media',
    ]);
  assert.deepEqual(await allowed(token, 'mail'), []);
  await holdsNothingElse(token);
});

test('SEC-42 vm operators control the chosen vms and do not reconfigure them', async () => {
  const token = await stage.addUser(
    'operator',
    ['web', 'db'].map((object) => ({ role: 'vm-operator', objectKind: 'vm', object })),
  );
  for (const name of ['web', 'db'])
    assert.deepEqual(await allowed(token, name), ['see', 'control', 'console', 'media']);
  assert.deepEqual(await allowed(token, 'mail'), []);
  await holdsNothingElse(token);
});

test('SEC-43 a player runs vms made by others and creates none', async () => {
  const token = await stage.addUser('player', [{ role: 'player' }]);
  for (const name of names)
    assert.deepEqual(await allowed(token, name), ['see', 'control', 'console', 'media']);
  assert.equal(await canCreate(token), false);
  const added = { file: 'x/vm.json', folder: '/', host: 'h1' };
  assert.ok(isRefused(await stage.send('POST', '/vms/add', { token, body: added })));
});

/** These look, or open a page, and are asked with a body; an extension takes host.extensions besides. */
const looksWithBody: readonly string[] = ['vm.check', 'vm.open', 'vm.extension', 'host.diagnose'];

/** What a guest shows and what files it has is its own, and not read by whoever reads what Gantry knows. */
const showsGuest: readonly string[] = [
  'vm.screenshot',
  'vm.memory',
  'vm.recording.file',
  'vm.snapshot.files',
  'vm.snapshot.file',
  'host.disk.files',
  'host.disk.file',
  'host.identify',
  'host.file.content',
  'vm.disk.content',
];

test('SEC-44 an auditor reads everything, events and permissions too, and changes nothing', async () => {
  const verbs = builtInRoles['auditor']?.verbs ?? [];
  const token = await stage.addUser('auditor', [{ role: 'auditor' }]);
  for (const path of ['/vms', '/hosts', '/events', '/grants', '/roles', '/users', '/audit'])
    assert.equal((await stage.send('GET', path, { token })).status, 200, path);
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    const isRight = !['public', 'self', 'agent'].includes(route.right);
    if (!isRight) continue;
    const holds = verbs.includes(route.right as Verb);
    if (route.method === 'GET' && route.answer !== 'websocket' && !showsGuest.includes(name))
      assert.ok(holds, `${name} can be read`);
    else assert.equal(holds, looksWithBody.includes(name), `${name} changes something`);
  }
});

async function holdsNothingElse(token: string): Promise<void> {
  assert.equal(await canCreate(token), false);
  for (const [method, path] of [
    ['GET', '/hosts/h1'],
    ['PATCH', '/hosts/h1'],
    ['POST', '/folders'],
    ['POST', '/users'],
    ['POST', '/grants'],
    ['GET', '/installation/settings'],
    ['PATCH', '/installation'],
    ['GET', '/audit'],
  ] as const)
    assert.ok(isRefused(await stage.send(method, path, { token })), `${method} ${path}`);
}
