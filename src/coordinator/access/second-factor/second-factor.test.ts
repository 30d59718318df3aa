import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UserDocument } from '../../documents.ts';
import { addUser, cookieOf, grant, startPlace, type Answer, type Place } from '../testing/place.ts';
import { Sealer } from './sealer.ts';
import { codeOf, encodeBase32, findStep } from './totp.ts';

const password = 'plum kettle orbit seven';
const stepMs = 30_000;

function decodeBase32(text: string): Buffer {
  let bits = '';
  for (const letter of text)
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

const signIn = (place: Place, user: string, oneTimeCode?: string): Promise<Answer> =>
  place.ask('POST', '/session', {
    body: { means: 'password', user, password, ...(oneTimeCode ? { oneTimeCode } : {}) },
  });

const stepNow = (place: Place): number => Math.floor(place.coordinator.clock.now() / stepMs);

interface Factor {
  readonly secret: Buffer;
  /** The code that confirmed it. */
  readonly oneTimeCode: string;
}

/** Sets one up in a session, as a page would. */
async function setUp(place: Place, cookie: string): Promise<Factor> {
  const headers = { origin: place.url.origin };
  const begun = await place.ask('POST', '/session/second-factor', { cookie, headers, body: {} });
  assert.equal(begun.status, 200, begun.text);
  const secret = decodeBase32(String(begun.body['secret']));
  assert.ok(String(begun.body['uri']).includes(`secret=${String(begun.body['secret'])}&issuer=`));
  const oneTimeCode = codeOf(secret, stepNow(place));
  const confirmed = await place.ask('PUT', '/session/second-factor', {
    cookie,
    headers,
    body: { oneTimeCode },
  });
  assert.equal(confirmed.status, 200, confirmed.text);
  assert.equal(confirmed.body['secondFactor'], 'set');
  return { secret, oneTimeCode };
}

void test('codes are those of RFC 6238, a step early or late is in time, and none counts twice', () => {
  const secret = Buffer.from('12345678901234567890');
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const) {
    const step = Math.floor(seconds / 30);
    assert.equal(codeOf(secret, step), code);
    for (const early of [-stepMs, 0, stepMs])
      assert.equal(findStep(secret, code, seconds * 1000 + early, 0), step);
    for (const late of [-2 * stepMs, 2 * stepMs])
      assert.equal(findStep(secret, code, seconds * 1000 + late, 0), undefined);
    assert.equal(findStep(secret, code, seconds * 1000, step), undefined);
  }
  assert.equal(encodeBase32(Buffer.from('foobar')), 'MZXW6YTBOI');
});

void test('a sealed secret is read with its key for its owner only', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'gseal-'));
  t.after(() => rm(dir, { recursive: true }));
  const file = join(dir, 'k', 'seal-key');
  const sealer = await Sealer.open(file);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const again = await Sealer.open(file);
  const other = await Sealer.open(join(dir, 'other'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(), (bytes, at) => {
      const text = sealer.seal(bytes, 'ada');
      assert.notEqual(sealer.seal(bytes, 'ada'), text);
      assert.deepEqual(again.unseal(text, 'ada'), Buffer.from(bytes));
      assert.throws(() => sealer.unseal(text, 'bob'), { code: 'corrupt' });
      assert.throws(() => other.unseal(text, 'ada'), { code: 'corrupt' });
      const place = at % text.length;
      const letter = text[place] === 'A' ? 'B' : 'A';
      // The last letter of base64 carries bits that do not count.
      if (place < text.length - 1 && text[place + 1] !== '.')
        assert.throws(
          () => sealer.unseal(text.slice(0, place) + letter + text.slice(place + 1), 'ada'),
          { code: 'corrupt' },
        );
    }),
  );
  for (const text of ['', 'v1', 'v1..', 'v2.a.b'])
    assert.throws(() => sealer.unseal(text, 'ada'), { code: 'corrupt' });
  await writeFile(file, 'nonsense');
  await assert.rejects(Sealer.open(file), { code: 'corrupt' });
});

void test('SEC-26 whoever has set up a second factor signs in with both, by password and by link, and each code once', async (t) => {
  const place = await startPlace(t);
  const { id } = await addUser(place, 'ada', { password });
  const { secret, oneTimeCode: used } = await setUp(place, cookieOf(await signIn(place, 'ada')));
  const without = await signIn(place, 'ada');
  assert.equal(without.status, 401);
  assert.deepEqual(without.body['facts'], { oneTimeCode: 'needed' });
  assert.equal((await signIn(place, 'ada', used)).status, 401, 'it confirmed the set-up');
  place.move(stepMs);
  const code = codeOf(secret, stepNow(place));
  const both = await Promise.all([signIn(place, 'ada', code), signIn(place, 'ada', code)]);
  assert.deepEqual(
    both.map(({ status }) => status).sort((a, b) => a - b),
    [200, 401],
  );
  place.move(stepMs);
  const body = { means: 'link', code: (await place.must('POST', '/users/ada/link'))['code'] };
  assert.equal((await place.ask('POST', '/session', { body })).status, 401);
  const oneTimeCode = codeOf(secret, stepNow(place));
  const byLink = await place.ask('POST', '/session', { body: { ...body, oneTimeCode } });
  assert.equal(byLink.status, 200, 'the link was not used up by the attempt without a code');
  const stored = JSON.stringify(place.coordinator.inventory.document<UserDocument>('user', id));
  for (const form of [secret.toString('hex'), secret.toString('base64'), encodeBase32(secret)])
    assert.ok(!stored.includes(form));
  assert.ok(!(await place.ask('GET', '/users/ada', { token: place.admin })).text.includes('v1.'));
});

void test('SEC-26 members of a group that must have a second factor can do nothing else before they have', async (t) => {
  const place = await startPlace(t);
  await addUser(place, 'ada', { password, groups: ['operators'] });
  await grant(place, 'ada', 'administrator', 'installation');
  const settings = { id: 'installation', kind: 'setting' } as const;
  await place.coordinator.commit({
    writes: [{ ...settings, data: { secondFactorGroups: ['operators'] } }],
  });
  const signedIn = await signIn(place, 'ada');
  assert.equal(signedIn.body['secondFactor'], 'needed');
  const cookie = cookieOf(signedIn);
  const headers = { origin: place.url.origin };
  assert.equal((await place.ask('GET', '/users', { cookie })).status, 403);
  const token = await place.ask('POST', '/tokens', { cookie, headers, body: { name: 'x' } });
  assert.equal(token.status, 403);
  const { secret } = await setUp(place, cookie);
  assert.equal((await place.ask('GET', '/users', { cookie })).status, 200);
  place.move(stepMs);
  assert.equal((await signIn(place, 'ada', codeOf(secret, stepNow(place)))).status, 200);
});

void test('a new second factor takes a code of the old one, and a lost one is taken away by who may rule over the user', async (t) => {
  const place = await startPlace(t);
  const { token } = await addUser(place, 'ada', { password });
  await place.must('POST', '/roles', { name: 'desk', verbs: ['user.view', 'user.manage'] });
  const desk = await addUser(place, 'desk');
  await grant(place, 'desk', 'desk', 'installation');
  const cookie = cookieOf(await signIn(place, 'ada'));
  const { secret } = await setUp(place, cookie);
  const headers = { origin: place.url.origin };
  const begin = (body: object) =>
    place.ask('POST', '/session/second-factor', { cookie, headers, body });
  assert.equal((await begin({})).status, 401);
  assert.equal(
    (await place.ask('POST', '/session/second-factor', { token, body: {} })).status,
    403,
  );
  place.move(stepMs);
  assert.equal((await begin({ oneTimeCode: codeOf(secret, stepNow(place)) })).status, 200);
  assert.equal((await place.must('GET', '/users/ada'))['hasSecondFactor'], true);
  const remove = (by: string, user: string) =>
    place.ask('DELETE', `/users/${user}/second-factor`, { token: by });
  assert.equal((await remove(desk.token, 'admin')).status, 403);
  assert.equal((await remove(desk.token, 'ada')).status, 204);
  assert.equal((await signIn(place, 'ada')).status, 200);
  const events = (await place.events()).filter((event) => event.name === 'security.user.changed');
  assert.deepEqual(
    events.slice(-2).map(({ attributes }) => [attributes['oldValue'], attributes['newValue']]),
    [
      [null, 'second factor'],
      ['second factor', null],
    ],
  );
});

void test('CVE class 19: codes are not guessed, from however many addresses', async (t) => {
  const place = await startPlace(t);
  await addUser(place, 'ada', { password });
  const { secret } = await setUp(place, cookieOf(await signIn(place, 'ada')));
  const right = new Set([-1, 0, 1, 2].map((by) => codeOf(secret, stepNow(place) + by)));
  const guess = (oneTimeCode: string, i: number) =>
    place.ask('POST', '/session', {
      from: `127.0.0.${i + 2}`,
      body: { means: 'password', user: 'ada', password, oneTimeCode },
    });
  place.stopClock();
  const wrong = Array.from({ length: 40 }, (_, i) => String(i).padStart(6, '0'));
  const answers = await Promise.all(wrong.filter((code) => !right.has(code)).map(guess));
  assert.equal(answers.filter(({ status }) => status === 401).length, 5);
  assert.equal((await guess(codeOf(secret, stepNow(place) + 1), 0)).status, 429);
});
