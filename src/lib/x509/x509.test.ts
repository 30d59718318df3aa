import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../fault.ts';
import { decode, decodeChildren, encode, encodeSequence, tags } from './der.ts';
import { createCertificate, createRequest, encodePem, readRequest, exportKey } from './mod.ts';

const year = 365 * 86_400_000;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

function authority() {
  const keys = newKey();
  const pem = createCertificate({
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

void test('OpenSSL verifies a chain of ours by its strict rules, for the purpose it was made for only', (t) => {
  const dir = folder(t);
  const root = authority();
  const leaf = newKey();
  for (const purpose of ['server', 'client'] as const) {
    const pem = createCertificate({
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

void test('OpenSSL takes a request of ours, and we take requests of OpenSSL with keys that are good enough', (t) => {
  const dir = folder(t);
  const keys = newKey();
  writeFileSync(join(dir, 'ours.pem'), createRequest(keys.privateKey, keys.publicKey, 'web-1'));
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
      readRequest(make('-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`)).type,
      'public',
    );
  assert.equal(readRequest(make('-newkey', 'ed25519')).asymmetricKeyType, 'ed25519');
  for (const weak of [
    make('-newkey', 'rsa:2048'),
    make('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp224r1'),
  ])
    assert.throws(() => readRequest(weak), { name: 'Fault', code: 'invalid' });
});

void test('a request whose key was exchanged for another is refused', () => {
  const [mine, other] = [newKey(), newKey()];
  const pem = createRequest(mine.privateKey, mine.publicKey, 'x');
  const der = Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
  const at = der.indexOf(exportKey(mine.publicKey));
  assert.ok(at > 0);
  exportKey(other.publicKey).copy(der, at);
  assert.throws(() => readRequest(encodePem('CERTIFICATE REQUEST', der)), /signature/);
  assert.deepEqual(exportKey(readRequest(pem)), exportKey(createPublicKey(mine.privateKey)));
});

void test('whatever bytes stand in a request, reading it ends in a fault', () => {
  const keys = newKey();
  const pem = createRequest(keys.privateKey, keys.publicKey, 'x');
  const good = Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
  const read = (der: Uint8Array): void => {
    try {
      readRequest(encodePem('CERTIFICATE REQUEST', der));
    } catch (error) {
      assert.ok(error instanceof Fault, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), read), { numRuns: 500 });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const bad = Buffer.from(good);
      bad[at] = value;
      read(bad);
    }),
    { numRuns: 500 },
  );
  for (const text of ['', 'x'.repeat(9000), '-----BEGIN CERTIFICATE REQUEST-----'])
    assert.throws(() => readRequest(text), Fault);
});

void test('DER is read only in its one valid form', () => {
  const inner = encode(tags.octetString, Buffer.alloc(300, 7));
  const element = decode(encodeSequence(inner), tags.sequence);
  assert.deepEqual(decodeChildren(element, 1)[0]?.content, Buffer.alloc(300, 7));
  for (const hex of [
    '', // nothing
    '30', // no length
    '3080', // indefinite length
    '308101', // a length that fits one byte
    '30820001', // a leading zero
    '3003020101ff', // more after the end
    '30030201', // less than announced
    '3084ffffffff', // four bytes of length
    '1f8100', // a tag of several bytes
  ])
    assert.throws(() => decode(Buffer.from(hex, 'hex'), tags.sequence), Fault, hex);
  assert.throws(
    () => decodeChildren(decode(encodeSequence(inner, inner), tags.sequence), 1),
    /too many/,
  );
});
