import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TokenDocument } from '../../documents.ts';
import { addUser, cookieOf, grant, startPlace, until } from '../testing/place.ts';
import { LocalToken } from './local-token.ts';
import { createSecret, hashSecret, isSecret } from './secret.ts';

void test('a secret has a prefix that scanners find, 256 bits and a checksum that finds a typing error', () => {
  const secrets = new Set(Array.from({ length: 1000 }, createSecret));
  assert.equal(secrets.size, 1000);
  for (const secret of secrets) {
    assert.match(secret, /^gantry_[0-9A-Za-z]{49}$/);
    assert.ok(isSecret(secret));
  }
  const [secret = ''] = secrets;
  for (let at = 7; at < secret.length; at += 1) {
    const typo = secret.slice(0, at) + (secret[at] === 'x' ? 'y' : 'x') + secret.slice(at + 1);
    assert.ok(!isSecret(typo), typo);
  }
});

void test('API-25 a token has at most the rights of its user at the moment, fewer if so made, and ends at once when it is revoked', async (t) => {
  const place = await startPlace(t);
  const { token: whole } = await addUser(place, 'ada');
  await grant(place, 'ada', 'auditor', 'installation');
  const make = async (body: object): Promise<string> =>
    String((await place.must('POST', '/tokens', { user: 'ada', ...body }))['secret']);
  const scoped = await make({ name: 'scoped', verbs: ['user.view', 'user.manage'] });
  const status = async (token: string, path: string): Promise<number> =>
    (await place.ask('GET', path, { token })).status;
  assert.deepEqual([await status(whole, '/users'), await status(whole, '/audit')], [200, 200]);
  assert.deepEqual([await status(scoped, '/users'), await status(scoped, '/audit')], [200, 403]);
  const create = await place.ask('POST', '/users', { token: scoped, body: { name: 'eve' } });
  assert.equal(create.status, 403, 'the user has no right to that');
  const shown = await place.ask('GET', '/session', { token: scoped });
  assert.deepEqual(shown.body['verbs'], ['user.view']);
  const grants = await place.must('GET', '/grants?filter=subject%20%3D%20ada');
  const [first] = grants['items'] as { id: string }[];
  await place.must('DELETE', `/grants/${first?.id}`);
  assert.deepEqual([await status(whole, '/users'), await status(scoped, '/users')], [403, 403]);
  assert.equal((await place.ask('DELETE', '/tokens/scoped', { token: whole })).status, 204);
  assert.equal(await status(scoped, '/session'), 401);
  await place.must('PATCH', '/users/ada', { disabled: true });
  assert.equal(await status(whole, '/session'), 401);
  await place.must('PATCH', '/users/ada', { disabled: false });
  assert.equal(await status(whole, '/session'), 200);
  const brief = await make({ name: 'brief', expiresInSeconds: 60 });
  assert.equal(await status(brief, '/session'), 200);
  place.move(60_000);
  assert.equal(await status(brief, '/session'), 401);
});

void test('a token makes no tokens and changes no password, so that it cannot outlive its revocation', async (t) => {
  const place = await startPlace(t);
  const { token } = await addUser(place, 'ada');
  await grant(place, 'ada', 'administrator', 'installation');
  const asked = { token, body: { name: 'more' } };
  assert.equal((await place.ask('POST', '/tokens', asked)).status, 403);
  const password = await place.ask('PUT', '/session/password', {
    token,
    body: { password: 'plum kettle orbit' },
  });
  assert.equal(password.status, 403);
});

void test('people see and revoke their own tokens, and those of others only where they manage users', async (t) => {
  const place = await startPlace(t);
  const ada = await addUser(place, 'ada');
  const bob = await addUser(place, 'bob');
  const list = async (token: string): Promise<string[]> => {
    const { items } = (await place.ask('GET', '/tokens', { token })).body;
    return (items as { name: string }[]).map(({ name }) => name);
  };
  assert.deepEqual(await list(ada.token), ['of ada']);
  assert.deepEqual((await list(place.admin)).sort(), ['of ada', 'of bob']);
  const { items } = await place.must('GET', '/tokens?filter=user%20%3D%20bob');
  const [his] = items as { id: string }[];
  assert.equal((await place.ask('DELETE', `/tokens/${his?.id}`, { token: ada.token })).status, 404);
  assert.equal((await place.ask('DELETE', '/tokens/of%20bob', { token: ada.token })).status, 404);
  const other = await place.ask('POST', '/tokens', {
    cookie: '',
    token: ada.token,
    body: { name: 'x', user: 'bob' },
  });
  assert.equal(other.status, 403);
  await place.must('DELETE', `/tokens/${his?.id}`);
  assert.equal((await place.ask('GET', '/session', { token: bob.token })).status, 401);
});

void test('the use of a token is noted once a minute, not with every request', async (t) => {
  const place = await startPlace(t);
  const { token } = await addUser(place, 'ada');
  const find = (): TokenDocument | undefined =>
    [...place.coordinator.inventory.documents<TokenDocument>('token')][0]?.data;
  await Promise.all(Array.from({ length: 50 }, () => place.ask('GET', '/session', { token })));
  await until('the note of use', () => find()?.lastUsedAt !== null);
  const first = find()?.lastUsedAt;
  const head = await place.coordinator.store.head();
  await Promise.all(Array.from({ length: 50 }, () => place.ask('GET', '/session', { token })));
  assert.equal(await place.coordinator.store.head(), head);
  place.move(60_000);
  await place.ask('GET', '/session', { token });
  await until('the second note', () => find()?.lastUsedAt !== first);
  assert.equal(find()?.secretHash, hashSecret(token));
});

void test('a session makes tokens for its user', async (t) => {
  const place = await startPlace(t);
  const { code } = await place.must('POST', '/users/admin/link');
  const body = { means: 'link', code };
  const cookie = cookieOf(await place.ask('POST', '/session', { body }));
  const headers = { origin: place.url.origin };
  const made = await place.ask('POST', '/tokens', { cookie, headers, body: { name: 'ci' } });
  assert.equal(made.status, 200, made.text);
  assert.equal(
    (await place.ask('GET', '/users', { token: String(made.body['secret']) })).status,
    200,
  );
  const again = await place.ask('POST', '/tokens', { cookie, headers, body: { name: 'ci' } });
  assert.equal(again.status, 409);
});

void test('the local token lies in a file of the service alone, and a deleted or exposed one is exchanged', async (t) => {
  const place = await startPlace(t);
  const file = join(place.folder, 'access/local-token');
  const token = await LocalToken.open(file);
  const read = async (): Promise<string> => (await readFile(file, 'utf8')).trim();
  const old = await read();
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.ok(token.holds(hashSecret(old)) && !token.holds(hashSecret(createSecret())));
  await rm(file);
  await token.refresh();
  const fresh = await read();
  assert.notEqual(fresh, old);
  assert.ok(token.holds(hashSecret(fresh)) && !token.holds(hashSecret(old)));
  await chmod(file, 0o644);
  await token.refresh();
  assert.notEqual(await read(), fresh);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await writeFile(file, 'damaged', { mode: 0o600 });
  await token.refresh();
  assert.ok(isSecret(await read()));
  // The running installation notices by itself.
  const now = await read();
  await rm(file);
  await until('a new file', () => existsSync(file));
  assert.equal((await place.ask('GET', '/session', { token: now })).status, 401);
  assert.equal((await place.ask('GET', '/session', { token: await read() })).status, 200);
});
