/** The gate as a whole: every route, every role, every way in. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { builtInRoles, routes, type Method, type Route, type RouteName } from '#api';
import {
  addThings,
  addUser,
  cookieOf,
  grant,
  newId,
  startPlace,
  topFolderId,
  until,
  type Answer,
  type Place,
} from '../testing/place.ts';

const all = (Object.keys(routes) as RouteName[]).map(
  (name) => [name, routes[name] as Route] as const,
);

interface Things {
  readonly vm: string;
  readonly host: string;
  readonly folder: string;
  readonly image: string;
}

async function addOne(place: Place): Promise<Things> {
  const things = { vm: newId(), host: newId(), folder: newId(), image: newId() };
  const { host, folder, image, vm } = things;
  await addThings(place, {
    folders: [
      [topFolderId, '', null],
      [folder, 'lab', topFolderId],
    ],
    hosts: [[host, 'h1']],
    vms: [[vm, 'web-1', host, folder]],
  });
  await place.coordinator.commit({
    writes: [{ kind: 'image', id: image, data: { name: 'disk', hostId: host } }],
  });
  return things;
}

const usual: Readonly<Record<string, string>> = {
  slot: '0',
  place: 'sata0:0',
  console: 'screen',
  upload: newId(),
};
/** An action of each kind of thing, by the first word of its path. */
const actions: Readonly<Record<string, string>> = { hosts: 'stop', teams: 'start', vms: 'turn-on' };

function fill(path: string, values: Readonly<Record<string, string>>): string {
  const action = actions[path.split('/')[1] ?? ''] ?? '';
  return path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => ({ ...usual, action, ...values })[name] ?? 'x',
  );
}

void test('CVE class 25: every route but six takes a proof of identity', async (t) => {
  const place = await startPlace(t);
  const open: string[] = [];
  for (const [name, { method, path }] of all) {
    const { status } = await place.ask(method, fill(path, {}));
    if (status !== 401) open.push(name);
  }
  assert.deepEqual(open.sort(), [
    'authority.show',
    'console.link.open',
    'host.join',
    'installation.healthy',
    'openapi.show',
    'session.create',
  ]);
  assert.deepEqual(place.reached.sort(), ['installation.healthy', 'openapi.show']);
});

void test('SEC-37 every route lets in exactly the roles that have its right, on the installation and on what lies below', async (t) => {
  const place = await startPlace(t);
  const things = await addOne(place);
  const values: Record<string, string> = { ...things, user: 'admin', role: 'use', grant: newId() };
  for (const [role, { verbs }] of Object.entries(builtInRoles)) {
    const { token } = await addUser(place, `one-${role}`);
    await grant(place, `one-${role}`, role, 'installation');
    for (const [name, route] of all) {
      const { right } = route;
      if (right === 'public' || right === 'agent' || name === 'session.delete') continue;
      const dry = route.query !== undefined && 'dryRun' in route.query.shape ? '?dryRun=true' : '';
      const answer = await place.ask(route.method, fill(route.path, values) + dry, { token });
      const isIn = !(answer.status === 403 || answer.status === 401);
      // What may not even be seen is not there.
      const isHidden =
        answer.status === 404 &&
        route.on !== undefined &&
        ['vm', 'host', 'folder', 'image'].includes(route.on);
      const isList = route.anywhere === true && route.method === 'GET';
      const expected = right === 'self' || isList || verbs.includes(right);
      const isPersonal = name === 'token.create' || name === 'session.password';
      if (isPersonal || (right === 'self' && answer.body['code'] === 'forbidden')) continue;
      assert.equal(isIn && !isHidden, expected, `${role} ${name}: ${answer.text}`);
    }
  }
});

void test('CVE class 12: what a person may not see is answered like what does not exist', async (t) => {
  const place = await startPlace(t);
  const { vm, host, folder, image } = await addOne(place);
  const { token } = await addUser(place, 'outsider');
  // Somebody who may do everything elsewhere.
  const [other, otherHost] = [newId(), newId()];
  await addThings(place, {
    hosts: [[otherHost, 'h2']],
    vms: [[other, 'mine', otherHost, topFolderId]],
  });
  await grant(place, 'outsider', 'administrator', 'host:h2');
  const known: Record<string, readonly [string, string]> = {
    vm: [vm, 'web-1'],
    host: [host, 'h1'],
    folder: [folder, folder],
    image: [image, 'disk'],
  };
  const strip = ({ status, body, headers }: Answer, reference: string): string =>
    JSON.stringify([
      status,
      { ...body, correlationId: '', log: '' },
      Object.keys(headers).sort(),
      headers['content-length'],
    ]).replaceAll(reference, '?');
  let compared = 0;
  for (const [name, { method, path, on }] of all) {
    const things = on === undefined ? undefined : known[on];
    if (on === undefined || things === undefined) continue;
    for (const there of things) {
      const missing = there.replaceAll(/[0-9a-z]/g, (letter) => (letter === 'a' ? 'b' : 'a'));
      const askFor = (reference: string): Promise<Answer> =>
        place.ask(method, fill(path, { [on]: encodeURIComponent(reference) }), { token });
      const [hidden, absent] = [await askFor(there), await askFor(missing)];
      assert.equal(strip(hidden, there), strip(absent, missing), name);
      assert.ok(hidden.status === 404 || hidden.status === 400, `${name} ${hidden.text}`);
      compared += 1;
    }
  }
  assert.ok(compared > 40, `${compared} routes`);
  assert.deepEqual(place.reached, []);
});

void test('CVE class 22: no spelling of a path leads around its right', async (t) => {
  const place = await startPlace(t);
  const { token } = await addUser(place, 'nobody');
  const paths = [
    '/users/',
    '//users',
    '/./users',
    '/users/.',
    '/users/..',
    '/healthy/../users',
    '/healthy/..%2fusers',
    '/healthy%2f..%2fusers',
    '/healthy;/../users',
    '/users;x=1',
    '/users%00',
    '/users%20',
    '/users.',
    '/users.json',
    '/USERS',
    '/%75sers',
    '/users%3fx',
    '/users#x',
    '/users\\',
    '/users/%61dmin',
    '/users/admin%2f',
    '/users/admin/',
    '/users/admin;',
    '/users/admin%2e',
  ].map((path) => `/raw:/api/v1${path}`);
  const more = [
    '/raw:/API/v1/users',
    '/raw://api/v1/users',
    '/raw:/api//v1/users',
    '/raw:/api/v1/../v1/users',
  ];
  for (const path of [...paths, ...more])
    for (const asked of [{}, { token }]) {
      const { status, text } = await place.ask('GET', path, asked);
      assert.ok([400, 401, 403, 404].includes(status), `${path} ${status}`);
      assert.ok(!text.includes('displayName'), path);
    }
  const overrides = {
    'x-http-method-override': 'GET',
    'x-original-url': '/api/v1/healthy',
    'x-forwarded-for': '127.0.0.1',
  };
  assert.equal((await place.ask('DELETE', '/users/admin', { headers: overrides })).status, 401);
  for (const method of ['HEAD', 'OPTIONS'] as const)
    assert.ok((await place.ask(method, '/users')).status >= 400);
});

void test('requests that only read are in the audit trail where that is set, and only there', async (t) => {
  const place = await startPlace(t);
  const asks = async (correlation: string): Promise<void> => {
    const headers = { 'x-correlation-id': correlation };
    assert.equal((await place.ask('GET', '/users', { token: place.admin, headers })).status, 200);
  };
  const [before, then] = [newId(), newId()];
  await asks(before);
  const data = { auditReads: true };
  await place.coordinator.commit({ writes: [{ kind: 'setting', id: 'installation', data }] });
  await asks(then);
  let written: unknown[] = [];
  await until('the line of the second one', async () => {
    const { body } = await place.ask('GET', '/audit?limit=1000', { token: place.admin });
    written = (body['items'] as Record<string, unknown>[]).map((item) => item['correlationId']);
    return written.includes(then);
  });
  assert.ok(!written.includes(before));
});

void test('SEC-73 EVT-75 every change and every refusal is in the audit trail, with person, origin, object, values and answer', async (t) => {
  const place = await startPlace(t);
  const { vm } = await addOne(place);
  const { token } = await addUser(place, 'ada');
  await grant(place, 'ada', 'auditor', 'installation');
  const correlation = newId();
  await place.ask('DELETE', `/vms/${vm}`, { token, headers: { 'x-correlation-id': correlation } });
  await place.ask('GET', '/users', { token });
  await place.ask('GET', '/vms/web-1/screenshot', { token });
  await place.ask('POST', '/users', { headers: {}, body: { name: 'x' } });
  const renaming = newId();
  await place.ask('PATCH', '/users/ada', {
    token: place.admin,
    headers: { 'x-correlation-id': renaming },
    body: { displayName: 'Ada L.' },
  });
  await place.must('PATCH', '/users/ada', { password: 'correct horse battery' });
  const byPassword = { means: 'password', user: 'ada', password: 'correct horse battery' };
  await place.ask('POST', '/session', { body: byPassword });
  await place.ask('POST', '/session', { body: { ...byPassword, password: 'wrong' } });
  // What is written down is written behind the answer.
  const deniedEvents = async () =>
    (await place.events()).filter((event) => event.name === 'security.denied');
  await until('two refusals as events', async () => (await deniedEvents()).length === 2);
  await until('a sign-in that failed as an event', async () =>
    (await place.events()).some(({ name }) => name === 'security.sign-in-failed'),
  );
  let items: Record<string, unknown>[] = [];
  await until('the last line', async () => {
    const { body } = await place.ask('GET', '/audit?limit=1000', { token });
    items = body['items'] as Record<string, unknown>[];
    return items.some((item) => item['user'] === null && item['route'] === 'user.create');
  });
  const refused = items.find((item) => item['correlationId'] === correlation);
  assert.deepEqual(
    { ...refused, seq: 0, time: '' },
    {
      seq: 0,
      time: '',
      user: 'ada',
      means: 'token',
      origin: '127.0.0.1',
      method: 'DELETE',
      route: 'vm.delete',
      object: `vm ${vm}`,
      status: 403,
      code: 'forbidden',
      correlationId: correlation,
      unwritten: 0,
    },
  );
  assert.ok(items.some((item) => item['route'] === 'vm.screenshot' && item['status'] === 403));
  assert.ok(items.some((item) => item['user'] === null && item['status'] === 401));
  assert.ok(
    !items.some((item) => item['route'] === 'user.list'),
    'reads are not, unless asked for',
  );
  const create = items.find((item) => item['route'] === 'user.create' && item['user'] === 'admin');
  assert.deepEqual([create?.['means'], create?.['status']], ['local', 200]);
  const renamed = items.find((item) => item['correlationId'] === renaming);
  assert.deepEqual(
    [renamed?.['user'], renamed?.['origin'], renamed?.['object']],
    ['admin', '127.0.0.1', 'user ada'],
  );
  const signIns = items.filter((item) => item['route'] === 'session.create');
  assert.deepEqual(new Set(signIns.map((item) => item['status'])), new Set([200, 401]));
  assert.deepEqual((await place.access.verifyAudit()).problems, []);
  const events = await place.events();
  const ofRenaming = events.find((event) => event.correlationId === renaming);
  assert.match(String(ofRenaming?.attributes['newValue']), /Ada L\./);
  assert.notEqual(ofRenaming?.attributes['oldValue'], ofRenaming?.attributes['newValue']);
  const names = new Set(events.map(({ name }) => name));
  for (const name of [
    'security.signed-in',
    'security.sign-in-failed',
    'security.permission.changed',
    'security.certificate.changed',
  ] as const)
    assert.ok(names.has(name), name);
  const denied = await deniedEvents();
  assert.deepEqual(
    denied.map((event) => [
      event.target.name,
      event.attributes['verb'],
      event.correlationId === correlation,
    ]),
    [
      ['ada', 'vm.delete', true],
      ['ada', 'vm.console', false],
    ],
  );
  assert.ok(
    events.every((event) => !event.name.startsWith('security.') || event.category === 'Security'),
  );
});

void test('SEC-73 whether the audit trail is as it was written is asked for, and a changed line is found', async (t) => {
  const place = await startPlace(t);
  await addUser(place, 'ada');
  const verify = (): Promise<Record<string, unknown>> => place.must('GET', '/audit/verification');
  const whole = await verify();
  assert.deepEqual(whole['problems'], []);
  assert.match(String(whole['lastHash']), /^[0-9a-f]{64}$/);
  const folder = join(place.folder, 'audit');
  const [name = ''] = await readdir(folder);
  const [first = '', ...rest] = (await readFile(join(folder, name), 'utf8')).split('\n');
  const changed = first.replace('"status":200', '"status":403');
  assert.notEqual(changed, first);
  await writeFile(join(folder, name), [changed, ...rest].join('\n'));
  const { problems } = await verify();
  assert.deepEqual(problems, [
    { file: name, line: 2, what: 'does not follow from the line before it' },
  ]);
});

void test('refusals beyond ten a minute are counted, not written, and the next event tells how many', async (t) => {
  const place = await startPlace(t);
  const { token } = await addUser(place, 'ada');
  await Promise.all(Array.from({ length: 100 }, () => place.ask('GET', '/users', { token })));
  const denied = async () =>
    (await place.events()).filter(({ name }) => name === 'security.denied');
  await until('ten events', async () => (await denied()).length >= 10);
  assert.equal((await denied()).length, 10);
  place.move(61_000);
  await place.ask('GET', '/users', { token });
  await until('one more', async () => (await denied()).length > 10);
  assert.equal((await denied()).at(-1)?.attributes['unwritten'], 90);
  const lines = await readFile(
    join(place.folder, 'audit', (await readdir(join(place.folder, 'audit')))[0] ?? ''),
    'utf8',
  );
  await place.access.verifyAudit();
  assert.ok(lines.length > 0);
});

void test('CVE class 28: no secret is in a log, the audit trail, an event, the store or a description', async (t) => {
  let logged = '';
  const log = pino({ level: 'trace' }, { write: (line: string) => (logged += line) });
  const place = await startPlace(t, { log });
  const password = 'canary plum kettle orbit';
  const secrets = [password, place.admin];
  const { token } = await addUser(place, 'ada', { password });
  const { code } = await place.must('POST', '/users/ada/link');
  const { token: joining } = await place.must('POST', '/hosts/join-token');
  const signedIn = await place.ask('POST', '/session', { body: { means: 'link', code } });
  const cookie = cookieOf(signedIn);
  secrets.push(token, String(code), String(joining), cookie.split('=')[1] ?? '');
  // Where people put them by mistake.
  await place.ask('POST', '/session', { body: { means: 'password', user: password, password } });
  await place.ask('DELETE', `/tokens/${token}`, { token: place.admin });
  await place.ask('GET', `/users/${String(code)}`, { token: place.admin });
  await place.ask('POST', '/join', {
    body: { token: joining, hostName: 'h', driver: 'x', csr: 'bad' },
  });
  await place.ask('POST', '/users', { token: place.admin, body: { name: 'x', password: 1 } });
  await place.access.verifyAudit();
  const folders = [place.folder, join(place.folder, 'audit')];
  let kept = logged + JSON.stringify(await place.events());
  for (const folder of folders)
    for (const file of await readdir(folder, { withFileTypes: true }))
      if (file.isFile()) kept += await readFile(join(folder, file.name), 'latin1');
  kept += JSON.stringify((await place.must('GET', '/users'))['items']);
  kept += JSON.stringify((await place.must('GET', '/tokens'))['items']);
  assert.ok(kept.includes('store') || kept.length > 10_000);
  for (const secret of secrets) assert.ok(!kept.includes(secret), secret.slice(0, 12));
});

void test('an open connection ends with its session, token, user or right, and not before', async (t) => {
  const place = await startPlace(t);
  const { vm } = await addOne(place);
  const { token } = await addUser(place, 'ada');
  const given = await grant(place, 'ada', 'use', 'vm:web-1');
  const open = (secret: string, isAllowed?: () => boolean) => {
    const request = { headers: { authorization: `Bearer ${secret}` }, socket: {} };
    const caller = place.access.authenticate(request as never, newId());
    const outer = new AbortController();
    const signal = place.access.watch(
      caller,
      outer.signal,
      isAllowed ?? (() => caller.may('vm.console', { kind: 'vm', id: vm })),
    );
    return { signal, outer };
  };
  const console1 = open(token);
  await place.must('PATCH', '/users/ada', { displayName: 'Ada' });
  assert.ok(!console1.signal.aborted);
  await place.must('DELETE', `/grants/${String(given['id'])}`);
  assert.ok(console1.signal.aborted);
  assert.match(String(console1.signal.reason), /right to this was withdrawn/);
  const always = (): boolean => true;
  const second = await place.must('POST', '/tokens', { name: 'second', user: 'ada' });
  const [byFirst, bySecond] = [open(token, always), open(String(second['secret']), always)];
  const { items } = await place.must('GET', '/tokens?filter=name%20%3D%20second');
  await place.must('DELETE', `/tokens/${(items as { id: string }[])[0]?.id}`);
  assert.deepEqual([byFirst.signal.aborted, bySecond.signal.aborted], [false, true]);
  await place.must('PATCH', '/users/ada', { disabled: true });
  assert.ok(byFirst.signal.aborted);
  const own = open(place.admin, always);
  own.outer.abort();
  assert.ok(own.signal.aborted);
});

void test('a header that is too long, or not what it should be, is refused', async (t) => {
  const place = await startPlace(t);
  const status = async (headers: Record<string, string>, method: Method = 'GET') =>
    (await place.ask(method, '/session', { headers })).status;
  for (const authorization of [
    'Bearer',
    'Bearer x y',
    'Basic YTpi',
    `Bearer ${'a'.repeat(9000)}`,
    place.admin,
  ])
    assert.equal(await status({ authorization }), 401, authorization.slice(0, 20));
  assert.equal(await status({ cookie: `a=${'b'.repeat(9000)}` }), 413);
  assert.ok([400, 413, 431].includes(await status({ cookie: 'a'.repeat(20_000) })));
  assert.equal(
    await status({ authorization: `bearer ${place.admin}` }),
    200,
    'the scheme has no case',
  );
});
