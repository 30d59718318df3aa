import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { systemClock, type Clock } from '#lib';
import { Authority, dayMs } from './authority.ts';
import { openOwnCertificate, readUserCertificate } from './server-certificate.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gca-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

const clockAt = (ms: number): Clock => ({ ...systemClock, now: () => ms });

void test('the first start makes an authority that only its account can read, later starts find it', async (t) => {
  const dir = join(await folder(t), 'authority');
  const made = await Authority.open(dir, systemClock);
  assert.ok(made.certificate.ca && made.hasSigned(made.certificate));
  assert.equal((await stat(join(dir, 'authority.key'))).mode & 0o777, 0o600);
  assert.equal((await stat(dir)).mode & 0o777, 0o700);
  const again = await Authority.open(dir, systemClock);
  assert.equal(again.fingerprint, made.fingerprint);
  assert.match(made.fingerprint, /^[0-9a-f]{64}$/);
});

void test('two first starts at once agree on one authority', async (t) => {
  const dir = join(await folder(t), 'authority');
  const all = await Promise.all([1, 2, 3, 4].map(() => Authority.open(dir, systemClock)));
  assert.equal(new Set(all.map((one) => one.fingerprint)).size, 1);
});

void test('a first start that is killed at any moment leaves an authority or none, never a half', async (t) => {
  const parent = await folder(t);
  const source = `
    import { Authority } from ${JSON.stringify(join(import.meta.dirname, 'authority.ts'))};
    import { systemClock } from '#lib';
    for (let i = 0; ; i += 1) {
      await Authority.open(process.argv[1] + '/' + i + '/authority', systemClock);
      if (i === 0) process.stdout.write('ready');
    }`;
  for (const delayMs of [0, 1, 3, 7]) {
    const place = join(parent, String(delayMs));
    const child = spawn(process.execPath, ['--input-type=module', '-e', source, place], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await systemClock.sleep(delayMs);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    for (const name of await readdir(place)) {
      const found = await Authority.open(join(place, name, 'authority'), systemClock);
      assert.ok(found.hasSigned(found.certificate));
      assert.deepEqual(await readdir(join(place, name)), ['authority']);
    }
  }
});

void test('an authority that is not whole is a fault with the way out, not a new one in silence', async (t) => {
  const dir = join(await folder(t), 'authority');
  await Authority.open(dir, systemClock);
  await unlink(join(dir, 'authority.key'));
  await assert.rejects(Authority.open(dir, systemClock), { code: 'corrupt', hint: /backup/ });
  const other = join(await folder(t), 'authority');
  await Authority.open(other, systemClock);
  await writeFile(join(dir, 'authority.key'), await readFile(join(other, 'authority.key')));
  await assert.rejects(Authority.open(dir, systemClock), { code: 'corrupt' });
});

void test("SEC-65 the server's certificate is kept while it is fresh and renewed 30 days before its end", async (t) => {
  const dir = join(await folder(t), 'authority');
  const authority = await Authority.open(dir, systemClock);
  const file = join(dir, 'server.pem');
  const names = [{ kind: 'dns', name: 'localhost' }] as const;
  const open = (clock: Clock) => openOwnCertificate(file, authority, names, clock);
  const first = await open(systemClock);
  assert.ok(first.issued);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const second = await open(clockAt(Date.now() + 59 * dayMs));
  assert.ok(!second.issued);
  assert.equal(second.own.certificate.fingerprint256, first.own.certificate.fingerprint256);
  assert.ok((await open(clockAt(Date.now() + 61 * dayMs))).issued);
  const more = [...names, { kind: 'ip', address: '192.0.2.1' } as const];
  assert.ok((await openOwnCertificate(file, authority, more, systemClock)).issued);
  await writeFile(file, 'damaged');
  assert.ok((await open(systemClock)).issued);
});

void test("the user's own certificate is taken, or it is said what is wrong with it", async (t) => {
  const dir = await folder(t);
  const authority = await Authority.open(join(dir, 'a'), systemClock);
  const { own } = await openOwnCertificate(
    join(dir, 'one.pem'),
    authority,
    [{ kind: 'dns', name: 'gantry.example' }],
    systemClock,
  );
  const { own: other } = await openOwnCertificate(
    join(dir, 'two.pem'),
    authority,
    [{ kind: 'dns', name: 'gantry.example' }],
    systemClock,
  );
  const put = async (cert: string | undefined, key: string | undefined): Promise<void> => {
    for (const [name, text] of [
      ['cert.pem', cert],
      ['key.pem', key],
    ] as const)
      await (text === undefined
        ? rm(join(dir, name), { force: true })
        : writeFile(join(dir, name), text));
  };
  const read = (at = Date.now()) => readUserCertificate(dir, clockAt(at));
  assert.equal(await read(), undefined);
  await put(own.chain, own.key);
  const taken = await read();
  assert.equal(taken?.certificate.fingerprint256, own.certificate.fingerprint256);
  assert.equal(taken?.issuedBy, 'user');
  const wrong = async (pattern: RegExp, at?: number): Promise<void> => {
    await assert.rejects(read(at), { code: 'invalid', message: pattern });
  };
  await wrong(/expired/, Date.now() + 100 * dayMs);
  await wrong(/not valid before/, Date.now() - dayMs);
  await put(own.chain, other.key);
  await wrong(/does not belong/);
  await put(own.chain, undefined);
  await wrong(/key\.pem is not/);
  await put(undefined, own.key);
  await wrong(/cert\.pem is not/);
  await put('nonsense', own.key);
  await wrong(/cert\.pem does not hold a certificate/);
  await put(own.chain, 'nonsense');
  await wrong(/key\.pem does not hold a private key/);
  await put('x'.repeat(300_000), own.key);
  await assert.rejects(read(), { code: 'too-large' });
  assert.ok(new X509Certificate(own.chain).checkHost('gantry.example'));
});
