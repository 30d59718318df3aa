import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { routes, type RouteName } from '#api';
import { createCertificate, createRequest } from '#x509';
import type { HostDocument } from '../../documents.ts';
import { Authority, dayMs } from '../authority/authority.ts';
import { addThings, newId, startPlace, until, type Answer, type Place } from '../testing/place.ts';

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
type Keys = ReturnType<typeof newKeys>;

const csrOf = (keys: Keys): Promise<string> =>
  createRequest(keys.privateKey, keys.publicKey, 'whatever');
const keyText = (keys: Keys): string => keys.privateKey.export({ format: 'pem', type: 'pkcs8' });

async function tokenFor(place: Place, host?: string): Promise<string> {
  const query = host === undefined ? '' : `?host=${host}`;
  return String((await place.must('POST', `/hosts/join-token${query}`))['token']);
}

const join = async (place: Place, token: string, keys: Keys, hostName = 'h1'): Promise<Answer> =>
  place.ask('POST', '/join', { body: { token, hostName, driver: 'qemu', csr: await csrOf(keys) } });

async function joined(place: Place, hostName = 'h1') {
  const keys = newKeys();
  const answer = await join(place, await tokenFor(place), keys, hostName);
  assert.equal(answer.status, 200, answer.text);
  return {
    hostId: String(answer.body['hostId']),
    keys,
    agent: { cert: String(answer.body['certificate']), key: keyText(keys) },
  };
}

const hostOf = (place: Place, id: string): HostDocument | undefined =>
  place.coordinator.inventory.document<HostDocument>('host', id)?.data;

/** What the server says to an attempt to open the agent's link. */
function dialLink(place: Place, agent?: { cert: string; key: string }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const port = Number(place.url.port);
  const socket = connect({ host: '127.0.0.1', port, ca: place.authority, ...agent }, () =>
    socket.write(
      'GET /api/v1/agent HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    ),
  );
  socket.once('data', (data: Buffer) => {
    socket.destroy();
    resolve(Number(data.toString().split(' ')[1]));
  });
  socket.once('error', reject);
  return promise;
}

void test('SEC-64 a host joins with a one-time token and gets a certificate for its key, whatever its request says it is', async (t) => {
  const place = await startPlace(t);
  const { hostId, keys, agent } = await joined(place);
  const certificate = new X509Certificate(agent.cert);
  assert.equal(certificate.subjectAltName, `URI:urn:gantry:host:${hostId}`);
  assert.ok(certificate.checkPrivateKey(keys.privateKey));
  assert.ok(!certificate.subject.includes('whatever'));
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  const host = hostOf(place, hostId);
  assert.equal(host?.certificate, certificate.fingerprint256.replaceAll(':', '').toLowerCase());
  assert.deepEqual([host?.name, host?.driver], ['h1', 'qemu']);
  const names = (await place.events()).map(({ name }) => name);
  assert.equal(names.filter((name) => name === 'host.joined').length, 1);
  assert.equal(await dialLink(place, agent), 101);
});

void test('a token lets in one host, once and within the hour, and the same host gets the same answer again', async (t) => {
  const place = await startPlace(t);
  const token = await tokenFor(place);
  const keys = newKeys();
  const rivals = await Promise.all(
    [keys, newKeys(), newKeys()].map((one, i) => join(place, token, one, `h${i}`)),
  );
  assert.equal(rivals.filter(({ status }) => status === 200).length, 1);
  const winner = rivals.findIndex(({ status }) => status === 200);
  const [host] = [...place.coordinator.inventory.documents('host')];
  assert.equal(host?.id, rivals[winner]?.body['hostId']);
  const fresh = await tokenFor(place);
  const first = await join(place, fresh, keys, 'again');
  const second = await join(place, fresh, keys, 'again');
  assert.equal(second.status, 200, second.text);
  assert.equal(second.body['hostId'], first.body['hostId']);
  assert.equal(
    await dialLink(place, { cert: String(second.body['certificate']), key: keyText(keys) }),
    101,
  );
  assert.equal((await join(place, fresh, newKeys(), 'again')).status, 401);
  const late = await tokenFor(place);
  const taken = await tokenFor(place);
  assert.equal((await join(place, taken, newKeys(), 'again')).status, 409, 'the name is taken');
  assert.equal(
    (await join(place, taken, newKeys(), 'other')).status,
    200,
    'the token is not used up',
  );
  place.move(3_600_000);
  assert.equal((await join(place, late, newKeys(), 'late')).status, 401);
  assert.equal(
    (await join(place, place.admin, newKeys(), 'x')).status,
    401,
    'no other secret will do',
  );
});

void test('SEC-65 a renewed certificate takes the place of the old one when it is used, not before', async (t) => {
  const place = await startPlace(t);
  const { hostId, agent } = await joined(place);
  const keys = newKeys();
  const renewed = await place.ask('POST', '/join/certificate', {
    agent,
    body: { csr: await csrOf(keys) },
  });
  assert.equal(renewed.status, 200, renewed.text);
  const next = { cert: String(renewed.body['certificate']), key: keyText(keys) };
  assert.equal(await dialLink(place, agent), 101, 'the answer may have been lost');
  assert.ok(hostOf(place, hostId)?.nextCertificate);
  assert.equal(await dialLink(place, next), 101);
  await until('the exchange', () => hostOf(place, hostId)?.nextCertificate === null);
  assert.equal(await dialLink(place, agent), 401);
  assert.equal(await dialLink(place, next), 101);
  const { items } = await place.must('GET', '/certificates');
  const kinds = (items as { what: string; state: string }[]).map(({ what, state }) => [
    what,
    state,
  ]);
  assert.deepEqual(kinds, [
    ['authority', 'valid'],
    ['server', 'valid'],
    ['host', 'valid'],
  ]);
  place.move(370 * dayMs);
  assert.ok(place.access.findings().some(({ evidence }) => /of host h1 expires at/.test(evidence)));
});

void test('SEC-65 a host that was removed, or joined again, has lost its old certificate at once', async (t) => {
  const place = await startPlace(t);
  const { hostId, agent } = await joined(place);
  const again = newKeys();
  const back = await join(place, await tokenFor(place, 'h1'), again, 'ignored');
  assert.equal(back.body['hostId'], hostId);
  assert.equal(hostOf(place, hostId)?.name, 'h1');
  assert.equal(await dialLink(place, agent), 401);
  const now = { cert: String(back.body['certificate']), key: keyText(again) };
  assert.equal(await dialLink(place, now), 101);
  await place.coordinator.commit({ writes: [{ kind: 'host', id: hostId, delete: true }] });
  assert.equal(await dialLink(place, now), 401);
  assert.equal(
    (
      await place.ask('POST', '/join/certificate', {
        agent: now,
        body: { csr: await csrOf(again) },
      })
    ).status,
    401,
  );
});

void test('SEC-62 CVE class 26: the link is not opened without a certificate of this installation for this purpose', async (t) => {
  const place = await startPlace(t);
  const { hostId, keys, agent } = await joined(place);
  assert.equal(await dialLink(place), 401);
  const forge = (purpose: 'client' | 'server', id: string, signer: Keys): Promise<string> =>
    createCertificate({
      subject: `host ${id}`,
      issuer: new X509Certificate(place.authority).subject.replace('CN=', ''),
      publicKey: keys.publicKey,
      signingKey: signer.privateKey,
      issuerPublicKey: signer.publicKey,
      purpose,
      altNames: [{ kind: 'uri', uri: `urn:gantry:host:${id}` }],
      notBefore: Date.now() - 1000,
      notAfter: Date.now() + dayMs,
    });
  const key = agent.key;
  assert.equal(
    await dialLink(place, { cert: await forge('client', hostId, newKeys()), key }),
    401,
    'forged',
  );
  // Signed by the real authority, but never recorded, for another host or purpose.
  const real = await Authority.open(`${place.folder}/authority`, place.coordinator.clock);
  const sign = (purpose: 'client' | 'server', uri: string): Promise<string> =>
    real.sign({
      subject: 'x',
      publicKey: keys.publicKey,
      purpose,
      altNames: [{ kind: 'uri', uri }],
      validityMs: dayMs,
    });
  for (const cert of [
    await sign('client', `urn:gantry:host:${newId()}`),
    await sign('client', `urn:gantry:host:${hostId}`),
    await sign('server', `urn:gantry:host:${hostId}`),
    await sign('client', 'urn:gantry:user:admin'),
  ])
    assert.equal(await dialLink(place, { cert, key }), 401);
  assert.equal(await dialLink(place, agent), 101);
  place.move(400 * dayMs);
  assert.equal(await dialLink(place, agent), 401, 'expired');
});

void test("CVE class 34: a host's certificate opens the link and its own renewal and nothing else", async (t) => {
  const place = await startPlace(t);
  const { hostId, agent } = await joined(place);
  await addThings(place, { vms: [[newId(), 'mine', hostId, '']] });
  for (const name of Object.keys(routes) as RouteName[]) {
    const { method, path, right } = routes[name];
    if (right === 'public' || right === 'agent') continue;
    const filled = path
      .replace('{vm}', 'mine')
      .replace('{host}', hostId)
      .replaceAll(/\{\w+\}/g, 'x');
    const answer = await place.ask(method, filled, { agent });
    assert.ok([400, 403].includes(answer.status), `${name}: ${answer.text}`);
    assert.ok(answer.status === 403 || answer.body['code'] === 'invalid');
  }
  assert.deepEqual(place.reached, []);
});

void test('a request to join that is wrong in any way changes nothing', async (t) => {
  const place = await startPlace(t);
  const token = await tokenFor(place);
  const good = { token, hostName: 'h1', driver: 'qemu', csr: await csrOf(newKeys()) };
  for (const [field, value] of [
    ['csr', 'nonsense'],
    ['csr', 'x'.repeat(9000)],
    ['csr', place.authority],
    ['hostName', '../etc'],
    ['hostName', ''],
    ['token', 'short'],
    ['driver', ''],
    ['extra', 1],
  ] as const) {
    const answer = await place.ask('POST', '/join', { body: { ...good, [field]: value } });
    assert.equal(answer.status, 400, `${field}: ${answer.text}`);
  }
  assert.equal([...place.coordinator.inventory.documents('host')].length, 0);
});

void test('a hundred hosts of one address join at once; guesses from there are braked', async (t) => {
  const place = await startPlace(t);
  const keys = newKeys();
  const tokens = await Promise.all(Array.from({ length: 100 }, () => tokenFor(place)));
  const joins = await Promise.all(tokens.map((token, i) => join(place, token, keys, `sim-${i}`)));
  assert.deepEqual(new Set(joins.map(({ status }) => status)), new Set([200]));
  const guesses = await Promise.all(
    Array.from({ length: 40 }, (_, i) => join(place, `gantry-guess-number-${i}`, keys, 'guess')),
  );
  const braked = guesses.filter(({ status }) => status === 429);
  assert.ok(braked.length >= 20, `${braked.length} of 40 guesses are braked`);
  const honest = await tokenFor(place);
  assert.equal((await join(place, honest, keys, 'late')).status, 429);
  place.move(120_000);
  assert.equal((await join(place, honest, keys, 'late')).status, 200);
});
