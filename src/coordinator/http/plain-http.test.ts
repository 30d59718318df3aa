/** What becomes of requests without TLS, by the setting of the installation, over real connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { InstallationSettings, PlainHttp } from '#api';
import { cookieOf, startPlace, type Answer, type Place } from '../access/testing/place.ts';
import { installationSettings } from '../access/mod.ts';

interface PlainPlace extends Place {
  set(plainHttp: PlainHttp): Promise<void>;
  /** Without TLS; a path that begins with `/raw:` is one outside of the API. */
  plainly(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

async function start(t: TestContext): Promise<PlainPlace> {
  const place = await startPlace(t);
  const { coordinator } = place;
  return {
    ...place,
    set: async (plainHttp) => {
      const data: InstallationSettings = {
        ...installationSettings(coordinator.inventory),
        plainHttp,
      };
      await coordinator.commit({ writes: [{ kind: 'setting', id: 'installation', data }] });
    },
    plainly: (path, headers = {}) => place.ask('GET', path, { plain: true, headers }),
  };
}

const page = { accept: 'text/html' };

void test('redirected, whoever asks for a page is sent to the same address with https, and nothing else is', async (t) => {
  const place = await start(t);
  await place.set('redirected');
  const { host } = place.url;
  for (const path of ['/', '/vms/hello?tab=disks', '/docs/a%20b', '/assets/x.js', '/apis']) {
    const { status, headers } = await place.plainly(`/raw:${path}`, page);
    assert.equal(status, 308, path);
    assert.equal(headers['location'], `https://${host}${path}`);
    assert.equal(headers['connection'], 'close');
    assert.equal(headers['strict-transport-security'], undefined);
  }
  const refused: readonly Promise<Answer>[] = [
    place.plainly('/session'),
    place.plainly('/raw:/api'),
    place.plainly('/raw:/metrics'),
    place.plainly('/raw://evil.example/'),
    place.plainly('/raw:/', { host: 'evil.example/?' }),
    place.plainly('/raw:/', { connection: 'upgrade', upgrade: 'websocket' }),
    place.ask('POST', '/raw:/', { plain: true }),
    place.ask('GET', '/users', { plain: true, token: place.admin }),
  ];
  for (const [at, { status, body }] of (await Promise.all(refused)).entries()) {
    assert.equal(status, 400, String(at));
    assert.match(String(body['detail']), /came without/, String(at));
  }
  assert.deepEqual(place.reached, []);
});

void test('served, what depends on encryption is judged by the connection of each request', async (t) => {
  const place = await start(t);
  await place.set('served');
  const year = (answer: Answer): unknown => answer.headers['strict-transport-security'];
  const signIn = async (how: 'plain' | 'tls', origin: string): Promise<Answer> => {
    const { code } = await place.must('POST', '/users/admin/link');
    const body = { means: 'link', code };
    const plain = how === 'plain' ? { plain: true as const } : {};
    return place.ask('POST', '/session', { body, headers: { origin }, ...plain });
  };
  const { host } = place.url;
  assert.equal((await signIn('plain', `https://${host}`)).status, 403);
  assert.equal((await signIn('tls', `http://${host}`)).status, 403);
  const plain = await signIn('plain', `http://${host}`);
  const safe = await signIn('tls', `https://${host}`);
  assert.deepEqual([plain.status, safe.status], [200, 200], plain.text + safe.text);
  assert.doesNotMatch(String(plain.headers['set-cookie']), /Secure|__Host-/);
  assert.match(String(safe.headers['set-cookie']), /^__Host-.*; Secure/);
  const [plainCookie, safeCookie] = [cookieOf(plain), cookieOf(safe)];
  const session = async (how: object): Promise<number> =>
    (await place.ask('GET', '/session', how)).status;
  assert.equal(await session({ cookie: plainCookie, plain: true }), 200);
  assert.equal(await session({ cookie: plainCookie }), 401);
  assert.equal(await session({ cookie: safeCookie, plain: true }), 401);
  // Whoever has to come without TLS must not be kept from it by a year that the browser has kept.
  assert.equal(year(plain), undefined);
  assert.equal(year(safe), 'max-age=0');
  await place.set('refused');
  assert.equal(
    year(await place.ask('GET', '/session', { cookie: safeCookie })),
    'max-age=31536000',
  );
  assert.equal((await place.plainly('/session', { cookie: plainCookie })).status, 400);
});

void test('a connection without TLS that is open is refused its next request at once, and ended', async (t) => {
  const place = await start(t);
  await place.set('served');
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(place.url.port), '127.0.0.1').setEncoding('utf8');
    t.after(() => socket.destroy());
    socket.write('GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 401 /);
    return socket;
  };
  const [asking, silent] = [await open(), await open()];
  await place.set('redirected');
  asking.write('GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.match(String((await once(asking, 'data'))[0]), /^HTTP\/1\.1 400 .*came without/s);
  silent.resume();
  await once(silent, 'close');
});
