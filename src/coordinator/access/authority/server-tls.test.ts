import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { silentLog } from '#log';
import { linkServerName } from '#api';
import { Fault, systemClock, type Clock } from '#lib';
import type { Caller } from '../../context.ts';
import { Authority, dayMs } from './authority.ts';
import type { AltName } from '#x509';
import { openOwnCertificate, type ServerCertificate } from './server-certificate.ts';
import { ServerTls } from './server-tls.ts';

interface Place {
  readonly dir: string;
  readonly authority: Authority;
  readonly tls: ServerTls;
  readonly server: Server;
  readonly port: number;
  readonly changes: string[];
  move(ms: number): void;
}

function open(
  dir: string,
  authority: Authority,
  clock: Clock,
  changes: string[] = [],
): Promise<ServerTls> {
  return ServerTls.open({
    authority,
    folder: join(dir, 'a'),
    userFolder: dir,
    listenAddress: '127.0.0.1',
    clock,
    log: silentLog,
    onChange: (what, how) => changes.push(`${what} ${how}`),
  });
}

async function start(t: TestContext): Promise<Place> {
  const dir = await mkdtemp(join(tmpdir(), 'gtls-'));
  let offset = 0;
  const clock: Clock = { ...systemClock, now: () => Date.now() + offset };
  const authority = await Authority.open(join(dir, 'a'), clock);
  const changes: string[] = [];
  const tls = await open(dir, authority, clock, changes);
  const server = createServer(tls.options(), (_, response) => response.end('ok'));
  tls.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(dir, { recursive: true });
  });
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { dir, authority, tls, server, port, changes, move: (ms) => (offset += ms) };
}

function dial(place: Place, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: place.port, ca: place.authority.text, ...options },
      () => {
        socket.end();
        resolve(socket);
      },
    );
    socket.once('error', reject);
  });
}

const shown = async (place: Place, options: ConnectionOptions): Promise<string | undefined> =>
  (await dial(place, options)).getPeerX509Certificate()?.fingerprint256;

void test('SEC-59 the server speaks TLS 1.2 and newer with a certificate for every name of this machine', async (t) => {
  const place = await start(t);
  for (const servername of ['localhost', linkServerName]) {
    const socket = await dial(place, { servername });
    assert.ok(socket.authorized);
    assert.equal(socket.getProtocol(), 'TLSv1.3');
  }
  const old = await dial(place, { servername: 'localhost', maxVersion: 'TLSv1.2' });
  assert.equal(old.getProtocol(), 'TLSv1.2');
  assert.match(old.getCipher().name, /^ECDHE-ECDSA-(AES|CHACHA20).*(GCM|POLY1305)/);
  await assert.rejects(
    dial(place, {
      servername: 'localhost',
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
  );
  // The address itself, as a browser and curl would use it.
  await new Promise<void>((resolve, reject) => {
    get({ host: '127.0.0.1', port: place.port, ca: place.authority.text }, (response) => {
      assert.equal(response.statusCode, 200);
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
});

void test('the chain ends with the authority, so that a host can check its fingerprint before it joins', async (t) => {
  const place = await start(t);
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const made = connect(
      {
        host: '127.0.0.1',
        port: place.port,
        servername: linkServerName,
        rejectUnauthorized: false,
      },
      () => resolve(made),
    );
    made.once('error', reject);
  });
  const { issuerCertificate } = socket.getPeerCertificate(true);
  socket.destroy();
  assert.equal(
    issuerCertificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    place.authority.fingerprint,
  );
});

void test('SEC-65 a certificate is renewed while the server runs, and open connections go on', async (t) => {
  const place = await start(t);
  const before = await shown(place, { servername: 'localhost' });
  const open = connect({
    host: '127.0.0.1',
    port: place.port,
    ca: place.authority.text,
    servername: 'localhost',
  });
  await new Promise((resolve) => open.once('secureConnect', resolve));
  place.move(61 * dayMs);
  await place.tls.refresh();
  // Made at a time that the client has not reached: it looks, but does not verify.
  const look = { rejectUnauthorized: false };
  const after = await shown(place, { servername: 'localhost', ...look });
  assert.notEqual(after, before);
  assert.equal(await shown(place, { servername: linkServerName, ...look }), after);
  open.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    open.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
  });
  assert.match(answer, /200 OK/);
  assert.deepEqual(place.changes, ['the server issued', 'the server replaced']);
});

void test("people see the user's certificate, agents always the installation's, from the moment it is put there", async (t) => {
  const place = await start(t);
  const foreign = await Authority.open(join(place.dir, 'foreign'), systemClock);
  const { own } = await openOwnCertificate(
    join(place.dir, 'x.pem'),
    foreign,
    [{ kind: 'dns', name: 'localhost' }],
    systemClock,
  );
  const agents = await shown(place, { servername: linkServerName });
  await writeFile(join(place.dir, 'cert.pem'), own.chain);
  await place.tls.refresh();
  assert.match(place.tls.userProblem ?? '', /key\.pem is not/);
  assert.equal(await shown(place, { servername: 'localhost' }), agents);
  await writeFile(join(place.dir, 'key.pem'), own.key);
  await place.tls.refresh();
  assert.equal(place.tls.userProblem, undefined);
  assert.equal(
    await shown(place, { servername: 'localhost', ca: foreign.text }),
    own.certificate.fingerprint256,
  );
  await assert.rejects(dial(place, { servername: 'localhost' }), /self-signed|unable to/);
  assert.equal(await shown(place, { servername: linkServerName }), agents);
  // A broken replacement does not take the server down.
  await writeFile(join(place.dir, 'key.pem'), 'half');
  await utimes(join(place.dir, 'key.pem'), 1, 1);
  await place.tls.refresh();
  assert.ok(place.tls.userProblem);
  assert.equal(
    await shown(place, { servername: 'localhost', ca: foreign.text }),
    own.certificate.fingerprint256,
  );
});

void test('a server does not start on a certificate of the user that is wrong', async (t) => {
  const place = await start(t);
  await writeFile(join(place.dir, 'cert.pem'), 'nonsense');
  await assert.rejects(
    ServerTls.open({
      authority: place.authority,
      folder: join(place.dir, 'a'),
      userFolder: place.dir,
      listenAddress: '127.0.0.1',
      clock: systemClock,
      log: silentLog,
      onChange: () => undefined,
    }),
    (error) => error instanceof Fault && error.code === 'invalid' && error.hint !== undefined,
  );
});

void test('a certificate that was given outlives a restart, gives way to one of the authority, and never to half a pair', async (t) => {
  const place = await start(t);
  const by = { dryRun: false, by: {} as Caller } as const;
  const foreign = await Authority.open(join(place.dir, 'foreign'), systemClock);
  const names = [{ kind: 'dns', name: 'localhost' }] as const;
  const file = join(place.dir, 'x.pem');
  const { own: given } = await openOwnCertificate(file, foreign, names, systemClock);
  const { own: other } = await openOwnCertificate(`${file}2`, foreign, names, systemClock);
  const agents = await shown(place, { servername: linkServerName });
  const people = (tls: ServerTls): string => tls.shown.certificate.fingerprint256;
  const reopen = (): Promise<ServerTls> => open(place.dir, place.authority, systemClock);

  await assert.rejects(place.tls.setSite({ chain: given.chain, key: other.key }, by), {
    code: 'invalid',
    message: /does not belong/,
  });
  await place.tls.setSite(given, { ...by, dryRun: true });
  assert.equal(people(place.tls), agents);
  await place.tls.setSite({ ...given, chain: `around it\n${given.chain}` }, by);
  const mine = given.certificate.fingerprint256;
  assert.equal(await shown(place, { servername: 'localhost', ca: foreign.text }), mine);
  assert.equal(await shown(place, { servername: linkServerName }), agents);
  assert.equal(people(await reopen()), mine);

  // Cut in the middle, as no write of ours leaves it: there is a server all the same, and it says why.
  await writeFile(join(place.dir, 'a', 'site.pem'), given.key.slice(0, 40));
  const damaged = await reopen();
  assert.equal(people(damaged), agents);
  assert.match(damaged.userProblem ?? '', /does not hold a certificate/);

  await place.tls.generate(by);
  assert.ok(![mine, agents].includes(people(place.tls)));
  assert.equal(people(await reopen()), people(place.tls));
  await writeFile(join(place.dir, 'cert.pem'), other.chain);
  await writeFile(join(place.dir, 'key.pem'), other.key);
  const withFiles = await reopen();
  for (const change of [withFiles.setSite(given, by), withFiles.generate(by)])
    await assert.rejects(change, { code: 'refused', message: /given by files/ });
});

void test('a given certificate that names no address, or is over, does not keep out who connects to an address', async (t) => {
  const place = await start(t);
  const by = { dryRun: false, by: {} as Caller } as const;
  const foreign = await Authority.open(join(place.dir, 'foreign'), systemClock);
  const make = async (name: string, names: readonly AltName[]): Promise<ServerCertificate> =>
    (await openOwnCertificate(join(place.dir, name), foreign, names, systemClock)).own;
  const toAddress = async (): Promise<string | undefined> =>
    shown(place, { rejectUnauthorized: false });
  const own = await shown(place, { servername: linkServerName });
  const toName = (): Promise<string | undefined> =>
    shown(place, { servername: 'gantry.example', rejectUnauthorized: false });
  const named = await make('named.pem', [{ kind: 'dns', name: 'gantry.example' }]);
  await place.tls.setSite(named, by);
  assert.equal(await toName(), named.certificate.fingerprint256);
  assert.equal(await toAddress(), own);
  assert.ok((await dial(place, {})).authorized, 'for whoever trusts the authority');

  const addressed = await make('addressed.pem', [{ kind: 'ip', address: '127.0.0.1' }]);
  await place.tls.setSite(addressed, by);
  assert.equal(await toAddress(), addressed.certificate.fingerprint256);
  place.move(91 * dayMs);
  await place.tls.refresh();
  assert.equal(await toName(), addressed.certificate.fingerprint256);
  assert.notEqual(await toAddress(), addressed.certificate.fingerprint256);
  assert.equal(
    await toAddress(),
    await shown(place, { servername: linkServerName, rejectUnauthorized: false }),
  );
});
