import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeSignature } from '#foreign';
import { isFault } from '#lib';
import { readSigningKey } from './seal.ts';
import { readSigner } from './signer.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(at(name), 'utf8');
const openssl = (...words: readonly string[]): void =>
  void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });

/** `ca` issues `inner`, which issues `shop` and `old`; `other` is nobody's. */
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'signer-'));
  writeFileSync(at('ca.ext'), 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n');
  const self = ['-newkey', 'rsa:2048', '-nodes', '-x509', '-days', '9'];
  openssl('req', ...self, '-subj', '/CN=Root', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', ...self, '-subj', '/CN=Other', '-keyout', 'other.key', '-out', 'other.pem');
  issue('inner', 'ca', '9', ['-extfile', 'ca.ext']);
  issue('shop', 'inner', '9');
  issue('old', 'inner', '-1');
});
after(() => rmSync(folder, { recursive: true }));

function issue(name: string, by: string, days: string, more: readonly string[] = []): void {
  const [key, request] = [`${name}.key`, `${name}.csr`];
  const ask = ['-newkey', 'rsa:2048', '-nodes', '-subj', `/O=Makers/CN=${name}`];
  openssl('req', ...ask, '-keyout', key, '-out', request);
  const signer = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
  openssl('x509', '-req', '-in', request, ...signer, '-days', days, '-out', `${name}.pem`, ...more);
}

const manifest = Buffer.from(`SHA256(a)= ${'ab'.repeat(32)}\n`);

function signedBy(name: string, ...chain: readonly string[]): string {
  const signature = sign('sha256', manifest, text(`${name}.key`));
  const certificates = [name, ...chain].map((one) => text(`${one}.pem`).trim());
  return writeSignature('a.mf', { algorithm: 'sha256', signature, certificates });
}

test('a signer is trusted whom an authority of the host vouches for, through others, today', () => {
  const authorities = [text('ca.pem')];
  const trusts = (...chain: [string, ...string[]]): boolean =>
    readSigner(manifest, signedBy(...chain), authorities).isTrusted;
  assert.equal(trusts('shop', 'inner'), true);
  assert.equal(trusts('shop'), false, 'who stands in between is not known');
  assert.equal(trusts('inner'), true);
  assert.equal(trusts('other'), false);
  assert.equal(trusts('old', 'inner'), false, 'its time is over');
  assert.equal(trusts('ca'), true);
  const { subject, issuer, fingerprint } = readSigner(manifest, signedBy('shop'), authorities);
  assert.deepEqual([subject, issuer], ['O=Makers, CN=shop', 'O=Makers, CN=inner']);
  assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test('a manifest that is not what was signed, and what is no signature, are refused', () => {
  const signature = signedBy('shop', 'inner');
  assert.throws(
    () => readSigner(Buffer.concat([manifest, Buffer.from(' ')]), signature, []),
    (error) => isFault(error, 'corrupt'),
  );
  const otherKey = signature.replace(text('shop.pem').trim(), text('other.pem').trim());
  assert.throws(
    () => readSigner(manifest, otherKey, []),
    (error) => isFault(error, 'corrupt'),
  );
  const torn = signature.replace(
    /BEGIN CERTIFICATE-----\n.{8}/,
    'BEGIN CERTIFICATE-----\nAAAAAAAA',
  );
  assert.throws(
    () => readSigner(manifest, torn, []),
    (error) => isFault(error, 'invalid'),
  );
});

test('a package is signed with a key and the certificate of that key, and nothing of a key is told', async () => {
  const put = (name: string, ...parts: readonly string[]): string => {
    writeFileSync(at(name), parts.map(text).join(''));
    return at(name);
  };
  const { certificates } = await readSigningKey(
    put('good.pem', 'shop.key', 'shop.pem', 'inner.pem'),
  );
  assert.equal(certificates.length, 2);
  for (const parts of [['shop.pem'], ['shop.key'], ['shop.key', 'other.pem']])
    await assert.rejects(
      readSigningKey(put('bad.pem', ...parts)),
      (error) => isFault(error, 'invalid') && !JSON.stringify(error).includes('PRIVATE'),
    );
  openssl('rsa', '-in', 'shop.key', '-aes128', '-passout', 'pass:secret', '-out', 'locked.key');
  await assert.rejects(
    readSigningKey(put('locked.pem', 'locked.key', 'shop.pem')),
    (error) => isFault(error, 'invalid') && /without a password/.test(error.hint ?? ''),
  );
});
