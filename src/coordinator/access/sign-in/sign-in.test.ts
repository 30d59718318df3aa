import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { isoTime } from '#lib';
import { sessionCookie } from '#api';
import type { SessionDocument, SettingDocument, UserDocument } from '../../documents.ts';
import { addUser, cookieOf, firstUserId, startPlace, until, type Place } from '../testing/place.ts';
import { hashSecret } from '../tokens/secret.ts';
import { Passwords } from './passwords.ts';
import { installationSettings } from './sessions.ts';

const password = 'plum kettle orbit seven';
const byPassword = (user: string, word: string): object => ({
  means: 'password',
  user,
  password: word,
});

async function link(place: Place, user = 'admin'): Promise<string> {
  return String((await place.must('POST', `/users/${user}/link`))['code']);
}

function usedAt(place: Place, cookie: string): string {
  const id = hashSecret(cookie.split('=')[1] ?? '');
  return place.coordinator.inventory.document<SessionDocument>('session', id)?.data.usedAt ?? '';
}

const ownPage = (place: Place): Record<string, string> => ({
  origin: place.url.origin,
  'sec-fetch-site': 'same-origin',
});

void test('SEC-21 nothing but the public routes answers without a proof of identity', async (t) => {
  const place = await startPlace(t);
  assert.equal((await place.ask('GET', '/session')).status, 401);
  for (const secret of ['x', `gantry_${'0'.repeat(49)}`, place.admin.slice(0, -1)])
    assert.equal((await place.ask('GET', '/session', { token: secret })).status, 401);
  const me = await place.ask('GET', '/session', { token: place.admin });
  assert.equal(me.status, 200);
  assert.equal(me.body['user'], 'admin');
  const user = place.coordinator.inventory.document<UserDocument>('user', firstUserId);
  assert.equal(user?.data.passwordHash, null);
});

void test('SEC-24 the first user comes in by a link, chooses a password, and signs in with it from then on', async (t) => {
  const place = await startPlace(t);
  const code = await link(place);
  const first = await place.ask('POST', '/session', { body: { means: 'link', code } });
  assert.equal(first.status, 200, first.text);
  assert.equal(first.body['passwordNeeded'], true);
  const header = String(first.headers['set-cookie']);
  for (const part of [`${sessionCookie}=`, 'HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/'])
    assert.ok(header.includes(part), part);
  assert.ok(!header.includes('Domain'));
  const cookie = cookieOf(first);
  const chosen = await place.ask('PUT', '/session/password', {
    cookie,
    headers: ownPage(place),
    body: { password },
  });
  assert.equal(chosen.status, 200, chosen.text);
  assert.equal(chosen.body['passwordNeeded'], false);
  const second = await place.ask('POST', '/session', { body: byPassword('admin', password) });
  assert.equal(second.status, 200, second.text);
  assert.notEqual(cookieOf(second), cookie);
  assert.equal((await place.ask('GET', '/session', { cookie: cookieOf(second) })).status, 200);
});

void test('a link signs in once, within fifteen minutes, and a new one makes the old one void', async (t) => {
  const place = await startPlace(t);
  const signIn = (code: string) => place.ask('POST', '/session', { body: { means: 'link', code } });
  const once = await link(place);
  const both = await Promise.all([signIn(once), signIn(once), signIn(once)]);
  assert.deepEqual(
    both.map(({ status }) => status).sort((one, other) => one - other),
    [200, 401, 401],
  );
  const old = await link(place);
  const newer = await link(place);
  assert.equal((await signIn(old)).status, 401);
  place.move(15 * 60_000);
  assert.equal((await signIn(newer)).status, 401);
  const codes = [once, old, newer];
  const stored = JSON.stringify([...place.coordinator.inventory.documents('link')]);
  assert.ok(codes.every((code) => !stored.includes(code)));
});

void test('a session ends when it is signed out, after its hours, when it lies idle, and with a new password', async (t) => {
  const place = await startPlace(t);
  await addUser(place, 'ada', { password });
  const enter = async (): Promise<string> =>
    cookieOf(await place.ask('POST', '/session', { body: byPassword('ada', password) }));
  const isIn = async (cookie: string): Promise<boolean> =>
    (await place.ask('GET', '/session', { cookie })).status === 200;
  const signedOut = await enter();
  const out = await place.ask('DELETE', '/session', { cookie: signedOut, headers: ownPage(place) });
  assert.equal(out.status, 204);
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/);
  assert.ok(!(await isIn(signedOut)));
  const other = await enter();
  const mine = await enter();
  const changed = await place.ask('PUT', '/session/password', {
    cookie: mine,
    headers: ownPage(place),
    body: { oldPassword: password, password: `${password} more` },
  });
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual([await isIn(mine), await isIn(other)], [true, false]);
  for (let hour = 0; hour < 11; hour += 1) {
    place.move(3_600_000);
    assert.ok(await isIn(mine), `after ${hour + 1} hours`);
    const now = isoTime(place.coordinator.clock.now()).slice(0, 13);
    await until('the note of use', () => usedAt(place, mine).startsWith(now));
  }
  place.move(3_600_000);
  assert.ok(!(await isIn(mine)));
  const idle = cookieOf(
    await place.ask('POST', '/session', { body: byPassword('ada', `${password} more`) }),
  );
  place.move(2 * 3_600_000);
  assert.ok(!(await isIn(idle)));
});

void test('SEC-26 passwords are kept as Argon2id only, and weak ones are refused with the reason', async (t) => {
  const place = await startPlace(t);
  const { id } = await addUser(place, 'gwendolyn', { password });
  const stored = place.coordinator.inventory.document<UserDocument>('user', id)?.data.passwordHash;
  assert.match(stored ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const shown = await place.must('GET', '/users/gwendolyn');
  assert.ok(!JSON.stringify(shown).includes('argon2'));
  assert.equal(shown['hasPassword'], true);
  for (const weak of [
    'short',
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabc',
    'qwertyuiopas',
    '012345678901',
    'gwendolyn123',
    'Passwort2026!!',
    'gantry-admin-1',
  ]) {
    const answer = await place.ask('PATCH', '/users/gwendolyn', {
      token: place.admin,
      body: { password: weak },
    });
    assert.equal(answer.status, 400, weak);
  }
});

void test('CVE class 19: an unknown user, a wrong password and a disabled user are one answer after the same work', async (t) => {
  const computed: unknown[] = [];
  const passwords = new Passwords({
    hash,
    verify: (phc, word) => {
      computed.push(parseOptions(phc));
      return verify(phc, word);
    },
  });
  const place = await startPlace(t, { passwords });
  await addUser(place, 'ada', { password });
  await addUser(place, 'off', { password });
  await addUser(place, 'bare');
  await place.must('PATCH', '/users/off', { disabled: true });
  const answers = new Set<string>();
  const attempts = [
    ['ada', 'this is not it'],
    ['nobody', 'this is not it'],
    ['off', password],
    ['bare', 'this is not it'],
  ] as const;
  for (const [round, [user, word]] of attempts.entries()) {
    const before = computed.length;
    const asked = { from: `127.0.0.${round + 2}`, body: byPassword(user, word) };
    const { status, body } = await place.ask('POST', '/session', asked);
    answers.add(JSON.stringify([status, { ...body, correlationId: '', log: '' }]));
    assert.equal(computed.length, before + 1, `${user}: one hash is computed`);
    // What a hash costs follows from its parameters.
    assert.deepEqual(computed[before], computed[0], user);
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
});

void test('SEC-25 without TLS passwords are refused until an administrator allows them, and that is said', async (t) => {
  const place = await startPlace(t);
  await addUser(place, 'ada', { password });
  const set = async (settings: Partial<SettingDocument>): Promise<void> => {
    const data = { ...installationSettings(place.coordinator.inventory), ...settings };
    await place.coordinator.commit({ writes: [{ kind: 'setting', id: 'installation', data }] });
  };
  const plain = true;
  const signIn = () => place.ask('POST', '/session', { body: byPassword('ada', password), plain });
  assert.equal(place.access.findings().length, 0);
  await set({ plainHttp: 'served' });
  const refused = await signIn();
  assert.equal(refused.status, 409);
  assert.match(String(refused.body['detail']), /without TLS/);
  assert.ok(place.access.findings().some((one) => one.check === 'tls' && one.remedy !== null));
  await set({ allowPasswordWithoutTls: true });
  const allowed = await signIn();
  assert.equal(allowed.status, 200, allowed.text);
  assert.match(String(allowed.headers['set-cookie']), /^gantry_session=/);
  assert.ok(place.access.findings().some((one) => one.check === 'passwords'));
  assert.equal(
    (await place.ask('GET', '/session', { cookie: cookieOf(allowed), plain })).status,
    200,
  );
});

void test('CVE class 33: a page of another site cannot act with the session of its visitor', async (t) => {
  const place = await startPlace(t);
  const code = await link(place);
  const signedIn = await place.ask('POST', '/session', { body: { means: 'link', code } });
  const cookie = cookieOf(signedIn);
  const act = async (headers: Record<string, string>): Promise<number> =>
    (await place.ask('POST', '/users?dryRun=true', { cookie, headers, body: { name: 'eve' } }))
      .status;
  assert.equal(await act(ownPage(place)), 200);
  assert.equal(await act({ origin: place.url.origin }), 200);
  const { host } = place.url;
  for (const headers of [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://${host}` },
    { origin: `https://${host}.evil.example` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: place.url.origin },
    { 'sec-fetch-site': 'none' },
  ])
    assert.equal(await act(headers), 403, JSON.stringify(headers));
  // A WebSocket is opened with GET, but it is no read.
  const upgrade = (headers: Record<string, string>) =>
    place.ask('GET', `/vms/${firstUserId}/serial`, {
      cookie,
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        'sec-websocket-version': '13',
        ...headers,
      },
    });
  assert.equal((await upgrade({ origin: 'https://evil.example' })).status, 403);
  assert.equal((await upgrade({})).status, 403);
  assert.equal((await upgrade({ origin: place.url.origin })).status, 404);
  // Signing a visitor in as somebody else is an attack as well.
  const login = await place.ask('POST', '/session', {
    headers: { 'sec-fetch-site': 'cross-site' },
    body: { means: 'link', code: await link(place) },
  });
  assert.equal(login.status, 403);
});

void test('two session cookies in one request are refused, and an ended session is no obstacle to signing in', async (t) => {
  const place = await startPlace(t);
  const body = { means: 'link', code: await link(place) };
  const cookie = cookieOf(await place.ask('POST', '/session', { body }));
  const planted = `${cookie}; ${sessionCookie}=x`;
  assert.equal((await place.ask('GET', '/session', { cookie: planted })).status, 401);
  place.move(13 * 3_600_000);
  const ended = await place.ask('GET', '/session', { cookie });
  assert.match(String(ended.body['detail']), /session has ended/);
  const again = await place.ask('POST', '/session', {
    cookie,
    headers: ownPage(place),
    body: { means: 'link', code: await link(place) },
  });
  assert.equal(again.status, 200, again.text);
});
