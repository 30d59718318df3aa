import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { present } from '../assert.ts';
import { X509Process } from './mod.ts';

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

/** Everything that another process may read of this one. */
function openTo(pid: number): string {
  return ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`)).join('\n');
}

test('certificates and requests are made and read in another process, which no argument tells a key', async () => {
  using x509 = new X509Process();
  const [authority, leaf] = [newKey(), newKey()];
  const request = x509.createRequest(leaf.privateKey, 'web-1');
  const certificate = x509.createCertificate({
    subject: 'web-1',
    issuer: 'Authority',
    publicKey: leaf.publicKey,
    signingKey: authority.privateKey,
    issuerPublicKey: authority.publicKey,
    purpose: 'client',
    altNames: [{ kind: 'uri', uri: 'urn:x:1' }],
    notBefore: Date.now() - 1000,
    notAfter: Date.now() + 86_400_000,
  });
  const pid = present(x509.pid, 'its process');
  const read = new X509Certificate(await certificate);
  assert.ok(read.verify(authority.publicKey) && read.checkPrivateKey(leaf.privateKey));
  assert.equal(read.subjectAltName, 'URI:urn:x:1');
  assert.ok((await x509.readRequest(await request)).equals(createPublicKey(leaf.privateKey)));
  assert.equal(x509.pid, pid, 'one process for all');
  for (const { privateKey } of [authority, leaf]) {
    const text = privateKey.export({ format: 'pem', type: 'pkcs8' });
    assert.ok(!openTo(pid).includes(text.split('\n')[1] ?? ''));
  }
  assert.equal('getMetadata' in Reflect, false, 'the library was not loaded here');
});

test('a request that does not hold is told with the same fault', async () => {
  using x509 = new X509Process();
  await assert.rejects(x509.readRequest('x'.repeat(9000)), { name: 'Fault', code: 'too-large' });
  await assert.rejects(x509.readRequest('no request'), { code: 'invalid', message: /not PEM/ });
});

test('who waits for a process that is killed is told, and the next one who asks has another', async () => {
  using x509 = new X509Process();
  const lost = x509.createRequest(newKey().privateKey, 'x');
  process.kill(present(x509.pid, 'its process'), 'SIGKILL');
  await assert.rejects(lost, { name: 'Fault', code: 'unavailable' });
  assert.match(await x509.createRequest(newKey().privateKey, 'x'), /CERTIFICATE REQUEST/);
});

test('the process ends when nothing was asked for a while, and keeps no program from ending', () => {
  const script = `
    import { generateKeyPairSync } from 'node:crypto';
    import { readFileSync } from 'node:fs';
    import { X509Process } from ${JSON.stringify(new URL('mod.ts', import.meta.url).href)};
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const short = new X509Process({ idleMs: 1 });
    await short.createRequest(privateKey, 'x');
    while (short.pid !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    await short.createRequest(privateKey, 'x');
    const long = new X509Process({ idleMs: 600_000 });
    await long.createRequest(privateKey, 'x');
    process.stdout.write(String(long.pid));`;
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    {
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  assert.equal(status, 0);
  assert.match(stdout, /^\d+$/);
});
