/** Our server's half judged by an unmodified virsh. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deriveScram, LibvirtServer, type OpenRequest } from '#libvirt';
import { makeAuthority } from '../../../src/libvirt/testing/certificates.ts';
import { Fleet, screenshotOf } from '../../../src/libvirt/testing/fleet.ts';
import { run, virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh', 'openssl');

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lv-'));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Served extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly uri: string;
  readonly server: LibvirtServer;
  readonly requests: OpenRequest[];
}

let sockets = 0;

async function serve(names: readonly string[]): Promise<Served> {
  const fleet = new Fleet(names);
  const requests: OpenRequest[] = [];
  const open = (request: OpenRequest): ReturnType<Fleet['open']> => {
    requests.push(request);
    return fleet.open(request);
  };
  const server = new LibvirtServer({ open });
  sockets += 1;
  const path = join(folder, `s${sockets}`);
  await server.listenUnix({ path, access: 'write' });
  return {
    fleet,
    server,
    requests,
    uri: `gantry+unix:///all?socket=${path}`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

void test(
  'FED-37 an unmodified virsh lists, looks up, starts and stops, and hears why not',
  { skip },
  async () => {
    await using served = await serve(['alpha', 'beta']);
    const { uri, requests } = served;
    const list = await virsh(uri, 'list', '--all');
    assert.equal(list.err, '');
    assert.match(list.out, /- +alpha +shut off\n - +beta +shut off/);
    assert.equal(requests[0]?.name, 'gantry:///all');
    assert.equal((await virsh(uri, 'start', 'alpha')).code, 0);
    assert.match((await virsh(uri, 'dominfo', 'alpha')).out, /State: +running/);
    assert.match((await virsh(uri, 'list')).out, /1 +alpha +running/);
    const absent = await virsh(uri, 'dominfo', 'nothing');
    assert.equal(absent.code, 1);
    assert.match(absent.err, /failed to get domain 'nothing'/);
    const again = await virsh(uri, 'start', 'alpha');
    assert.match(again.err, /is already active|runs already/);
    assert.match((await virsh(uri, 'destroy', 'beta')).err, /domain beta is not running/);
    assert.match(
      (await virsh(uri, 'domstats', 'alpha')).out + (await virsh(uri, 'domstats')).out,
      /cpu.time=1000000000/,
    );
    assert.match((await virsh(uri, 'version')).out, /Running hypervisor: FLEET 1\.2\.3/);
    assert.match((await virsh(uri, 'dumpxml', 'beta')).out, /<name>beta<\/name>/);
    assert.match((await virsh(uri, 'reset', 'alpha')).err, /not supported/);
  },
);

void test('a list of five thousand domains comes whole', { skip }, async () => {
  await using served = await serve(Array.from({ length: 5000 }, (_, index) => `vm-${index}`));
  const { out } = await virsh(served.uri, 'list', '--all', '--name');
  assert.equal(out.trim().split('\n').length, 5000);
});

void test('beyond what a list can carry, virsh is told so', { skip }, async () => {
  await using served = await serve(Array.from({ length: 16_385 }, (_, index) => `vm-${index}`));
  const { err } = await virsh(served.uri, 'list', '--all', '--name');
  assert.match(err, /16385 of at most 16384/);
});

void test('bytes go down and up in streams, and a screen is seen', { skip }, async () => {
  await using served = await serve(['alpha']);
  const { uri, fleet } = served;
  const content = Buffer.alloc(3_000_001, 'gantry ');
  const file = join(folder, 'content');
  await writeFile(file, content);
  fleet.volumes.set('v', Buffer.alloc(0));
  const up = await virsh(uri, 'vol-upload', '--pool', 'pool', 'v', file);
  assert.equal(up.code, 0, up.err);
  assert.ok(fleet.volumes.get('v')?.equals(content));
  const back = join(folder, 'back');
  const down = await virsh(uri, 'vol-download', '--pool', 'pool', 'v', back);
  assert.equal(down.code, 0, down.err);
  assert.ok((await readFile(back)).equals(content));
  const shot = join(folder, 'shot');
  const screen = await virsh(uri, 'screenshot', 'alpha', shot);
  assert.equal(screen.code, 0, screen.err);
  assert.ok((await readFile(shot)).equals(screenshotOf('alpha')));
  assert.match((await virsh(uri, 'vol-list', 'pool')).out, /v +\/pool\/v/);
});

void test('events reach a listening virsh, whichever client caused them', { skip }, async () => {
  await using served = await serve(['alpha', 'beta']);
  const args = ['-q', '-c', served.uri, 'event', '--event', 'lifecycle', '--loop'];
  const listener = spawn('virsh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const watching = (async () => {
      let out = '';
      for await (const chunk of listener.stdout) {
        out += String(chunk);
        if ((out.match(/\n/g) ?? []).length >= 2) break;
      }
      return out;
    })();
    while (!served.fleet.calls.includes('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await virsh(served.uri, 'start', 'beta');
    await virsh(served.uri, 'destroy', 'beta');
    const out = await watching;
    assert.match(out, /'lifecycle' for domain '?beta'?: Started/);
    assert.match(out, /'lifecycle' for domain '?beta'?: Stopped/);
  } finally {
    listener.kill();
  }
});

void test('virsh registers every one of its events', { skip }, async () => {
  await using served = await serve([]);
  const { out, err } = await virsh(served.uri, 'event', '--all', '--timeout', '1');
  assert.match(out + err, /event loop timed out/);
  const registered = served.fleet.calls.filter((name) => name.endsWith('REGISTER_ANY'));
  assert.equal(registered.length, 54, '27 registered and 27 deregistered');
});

void test(
  'virsh with keepalive stays connected while a call takes its time',
  { skip },
  async () => {
    await using served = await serve(['alpha']);
    const original = served.fleet.handlers;
    const slow = new LibvirtServer({
      open: () => ({
        handlers: {
          ...original,
          DOMAIN_SUSPEND: async () => {
            await new Promise((resolve) => setTimeout(resolve, 2500));
            return {};
          },
        },
      }),
    });
    await using _ = slow;
    const path = join(folder, 'slow');
    await slow.listenUnix({ path, access: 'write' });
    const args = ['-q', '-k', '1', '-K', '1', '-c', `gantry+unix:///?socket=${path}`];
    const { code, err } = await run('virsh', [...args, 'suspend', 'alpha']);
    assert.equal(code, 0, err);
  },
);

void test(
  'TLS: virsh waits for the byte of consent, and strangers are turned away',
  { skip },
  async () => {
    await using served = await serve(['alpha']);
    await using authority = await makeAuthority('admin');
    const { cert, key } = await authority.issue('localhost', 'DNS:localhost');
    const { port } = await served.server.listenTls({
      host: '127.0.0.1',
      port: 0,
      ca: authority.ca,
      cert,
      key,
      clientCertificate: 'required',
    });
    const uri = `gantry+tls://localhost:${port}/all`;
    const seen = await virsh(`${uri}?pkipath=${authority.folder}`, 'list', '--all', '--name');
    assert.equal(seen.out.trim(), 'alpha', seen.err);
    assert.equal(served.requests.at(-1)?.peer.certificate?.commonName, 'admin');
    assert.equal(served.requests.at(-1)?.name, 'gantry:///all');
    await using other = await makeAuthority('admin');
    await writeFile(join(other.folder, 'cacert.pem'), authority.ca);
    const refused = await virsh(`${uri}?pkipath=${other.folder}`, 'list');
    assert.notEqual(refused.code, 0);
  },
);

void test('FED-34 virsh logs in with SCRAM, and not with a wrong password', { skip }, async () => {
  const secret = await deriveScram('sha256', 'pencil', Buffer.from('some salt'), 4096);
  const users: (string | undefined)[] = [];
  const fleet = new Fleet(['alpha']);
  await using server = new LibvirtServer({
    open: (request) => {
      users.push(request.user);
      return fleet.open(request);
    },
    sasl: { findScram: async (user) => (user === 'ann' ? secret : undefined) },
  });
  const path = join(folder, 'sasl');
  await server.listenUnix({ path, access: 'write' });
  const attempt = async (password: string): Promise<{ code: number; err: string }> => {
    const file = join(folder, 'auth.conf');
    const credentials = `[credentials-me]\nauthname=ann\nusername=ann\npassword=${password}\n`;
    await writeFile(file, `${credentials}[auth-libvirt-default]\ncredentials=me\n`);
    return virsh(`gantry+unix:///all?socket=${path}&authfile=${file}`, 'list', '--all');
  };
  const good = await attempt('pencil');
  assert.equal(good.code, 0, good.err);
  assert.deepEqual(users, ['ann']);
  const bad = await attempt('pen');
  assert.notEqual(bad.code, 0);
  assert.match(bad.err, /authentication failed/);
});
