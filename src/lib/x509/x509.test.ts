import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../fault.ts';
import { createCertificate, createRequest, exportKey, readRequest } from './mod.ts';
import { encodePem } from './pem.ts';

const year = 365 * 86_400_000;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

async function authority() {
  const keys = newKey();
  const pem = await createCertificate({
    subject: 'Authority',
    issuer: 'Authority',
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    issuerPublicKey: keys.publicKey,
    purpose: 'authority',
    altNames: [],
    notBefore: Date.now() - 1000,
    notAfter: Date.now() + 30 * year,
  });
  return { keys, pem };
}

function folder(t: { after(f: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'gx509-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

void test('OpenSSL verifies a chain of ours by its strict rules, for the purpose it was made for only', async (t) => {
  const dir = folder(t);
  const root = await authority();
  const leaf = newKey();
  for (const purpose of ['server', 'client'] as const) {
    const pem = await createCertificate({
      subject: 'leaf',
      issuer: 'Authority',
      publicKey: leaf.publicKey,
      signingKey: root.keys.privateKey,
      issuerPublicKey: root.keys.publicKey,
      purpose,
      altNames: [
        { kind: 'dns', name: 'localhost' },
        { kind: 'ip', address: '127.0.0.1' },
        { kind: 'ip', address: '::1' },
        { kind: 'ip', address: 'fe80::a:0:0:1%eth0' },
        { kind: 'uri', uri: 'urn:x:1' },
      ],
      notBefore: Date.now() - 1000,
      notAfter: Date.now() + year,
    });
    writeFileSync(join(dir, 'root.pem'), root.pem);
    writeFileSync(join(dir, 'leaf.pem'), pem);
    const judge = (as: string) =>
      spawnSync(
        'openssl',
        ['verify', '-x509_strict', '-purpose', as, '-CAfile', 'root.pem', 'leaf.pem'],
        { cwd: dir, encoding: 'utf8' },
      );
    const right = judge(`ssl${purpose}`);
    assert.equal(right.status, 0, right.stderr);
    assert.notEqual(judge(purpose === 'server' ? 'sslclient' : 'sslserver').status, 0);
    const read = new X509Certificate(pem);
    assert.equal(
      read.subjectAltName,
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:A:0:0:1, URI:urn:x:1',
    );
    assert.ok(read.checkIP('::1') && read.checkHost('localhost'));
    assert.ok(read.verify(root.keys.publicKey) && !read.ca);
  }
  assert.equal(new X509Certificate(root.pem).validToDate.getUTCFullYear() >= 2056, true);
});

void test('OpenSSL takes a request of ours, and we take requests of OpenSSL with keys that are good enough', async (t) => {
  const dir = folder(t);
  const keys = newKey();
  writeFileSync(
    join(dir, 'ours.pem'),
    await createRequest(keys.privateKey, keys.publicKey, 'web-1'),
  );
  execFileSync('openssl', ['req', '-verify', '-noout', '-in', 'ours.pem'], {
    cwd: dir,
    stdio: 'ignore',
  });
  const make = (...key: string[]) =>
    execFileSync(
      'openssl',
      ['req', '-new', '-nodes', '-subj', '/CN=evil', '-keyout', 'k.pem', ...key],
      {
        cwd: dir,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
  for (const curve of ['prime256v1', 'secp384r1', 'secp521r1'])
    assert.equal(
      (await readRequest(make('-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`))).type,
      'public',
    );
  assert.equal((await readRequest(make('-newkey', 'ed25519'))).asymmetricKeyType, 'ed25519');
  for (const weak of [
    make('-newkey', 'rsa:2048'),
    make('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp224r1'),
  ])
    await assert.rejects(readRequest(weak), {
      name: 'Fault',
      code: 'invalid',
      message: /kind|signed/,
    });
});

void test('a request whose key was exchanged for another is refused', async () => {
  const [mine, other] = [newKey(), newKey()];
  const pem = await createRequest(mine.privateKey, mine.publicKey, 'x');
  const der = Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
  const at = der.indexOf(exportKey(mine.publicKey));
  assert.ok(at > 0);
  exportKey(other.publicKey).copy(der, at);
  await assert.rejects(readRequest(encodePem('CERTIFICATE REQUEST', der)), /signature/);
  assert.deepEqual(exportKey(await readRequest(pem)), exportKey(createPublicKey(mine.privateKey)));
});

void test('whatever bytes stand in a request, reading it ends in a fault', async () => {
  const keys = newKey();
  const pem = await createRequest(keys.privateKey, keys.publicKey, 'x');
  const good = Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
  const read = async (der: Uint8Array): Promise<void> => {
    try {
      await readRequest(encodePem('CERTIFICATE REQUEST', der));
    } catch (error) {
      assert.ok(error instanceof Fault, String(error));
    }
  };
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), read), { numRuns: 500 });
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, value) => {
      const bad = Buffer.from(good);
      bad[at] = value;
      await read(bad);
    }),
    { numRuns: 500 },
  );
  for (const text of ['', 'x'.repeat(9000), '-----BEGIN CERTIFICATE REQUEST-----'])
    await assert.rejects(readRequest(text), Fault);
});

void test('text that would keep the reader of the library busy for ever is refused at once', async () => {
  // With every line of such a header its time doubles.
  const header = `-----BEGIN CERTIFICATE REQUEST-----\n${' a: b\n'.repeat(30)}`;
  const hidden = encodePem('CERTIFICATE REQUEST', Buffer.from(header));
  const start = performance.now();
  for (const text of [header, hidden])
    await assert.rejects(readRequest(text), { name: 'Fault', code: 'invalid' });
  assert.ok(performance.now() - start < 1000);
});

void test('a request of more levels or parts than any needs is refused', async () => {
  const wrap = (content: Buffer): Buffer => {
    const length = Buffer.from([0x30, 0x82, 0, 0]);
    length.writeUInt16BE(content.length, 2);
    return Buffer.concat([length, content]);
  };
  let deep = Buffer.alloc(0);
  for (let level = 0; level < 1400; level += 1) deep = Buffer.from(wrap(deep));
  const wide = wrap(Buffer.alloc(5600, Buffer.from([5, 0])));
  for (const [der, why] of [
    [deep, /depth/i],
    [wide, /node count/i],
  ] as const)
    await assert.rejects(readRequest(encodePem('CERTIFICATE REQUEST', der)), (error) => {
      assert.ok(error instanceof Fault && error.code === 'invalid');
      assert.match(String(error.cause), why);
      return true;
    });
});
