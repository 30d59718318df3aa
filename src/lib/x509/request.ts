/**
 * Certificate requests (PKCS #10, RFC 2986): a public key with the proof that the sender has the
 * private one. Names and wishes in a request are of no account: who signs says what is certified.
 */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { assert } from '../assert.ts';
import { Fault } from '../fault.ts';
import { encodeName, exportKey, oids } from './certificate.ts';
import {
  constructedTag,
  decode,
  decodeChildren,
  encode,
  encodeBits,
  encodeInteger,
  encodeOid,
  encodeSequence,
  tags,
  type Element,
} from './der.ts';
import { decodePem, encodePem } from './pem.ts';

const maxRequestBytes = 8192;
const label = 'CERTIFICATE REQUEST';

/** PEM, for an EC key on P-256. */
export function createRequest(privateKey: KeyObject, publicKey: KeyObject, name: string): string {
  assert(
    privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    'the key of a request is on P-256',
  );
  const content = encodeSequence(
    encodeInteger(Buffer.from([0])),
    encodeName(name),
    exportKey(publicKey),
    encode(constructedTag(0)),
  );
  const algorithm = encodeSequence(encodeOid(oids.ecdsaWithSha256));
  const signature = sign('sha256', content, privateKey);
  return encodePem(label, encodeSequence(content, algorithm, encodeBits(signature)));
}

/** Hash per signature algorithm (RFC 5758 ECDSA with SHA-256, -384, -512; RFC 8410 Ed25519). */
const hashes = new Map<string, string | null>([
  [encodeSequence(encodeOid('1.2.840.10045.4.3.2')).toString('hex'), 'sha256'],
  [encodeSequence(encodeOid('1.2.840.10045.4.3.3')).toString('hex'), 'sha384'],
  [encodeSequence(encodeOid('1.2.840.10045.4.3.4')).toString('hex'), 'sha512'],
  [encodeSequence(encodeOid('1.3.101.112')).toString('hex'), null],
]);

const curves = new Set<string | undefined>(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * The public key of a request whose signature holds. Errors: `invalid`, also for a key that is weaker
 * than P-256 or of another kind.
 */
export function readRequest(pem: string): KeyObject {
  if (pem.length > maxRequestBytes)
    throw new Fault('too-large', 'the certificate request is too large');
  const request = decode(decodePem(label, pem, 'the certificate request'), tags.sequence);
  const [content, algorithm, signature] = decodeChildren(request, 3);
  const keyInfo = content === undefined ? undefined : decodeChildren(content, 4)[2];
  if (algorithm === undefined || signature?.tag !== tags.bitString || keyInfo === undefined)
    throw new Fault('invalid', 'the certificate request lacks a part');
  const hash = hashes.get(algorithm.whole.toString('hex'));
  if (hash === undefined)
    throw new Fault('invalid', 'the certificate request is not signed with ECDSA or Ed25519');
  const key = readKey(keyInfo);
  if (content === undefined || !holds(hash, content.whole, key, signature.content.subarray(1)))
    throw new Fault('invalid', 'the signature of the certificate request does not hold');
  return key;
}

function readKey(keyInfo: Element): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: keyInfo.whole, format: 'der', type: 'spki' });
  } catch (error) {
    throw new Fault('invalid', 'the key of the certificate request cannot be read', {
      cause: error,
    });
  }
  const fit =
    key.asymmetricKeyType === 'ed25519' ||
    (key.asymmetricKeyType === 'ec' && curves.has(key.asymmetricKeyDetails?.namedCurve));
  if (!fit)
    throw new Fault('invalid', 'the key of the certificate request is of an unfit kind', {
      hint: 'use an elliptic curve key on P-256, P-384 or P-521, or Ed25519',
    });
  return key;
}

function holds(hash: string | null, content: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify(hash, content, key, signature);
  } catch {
    // OpenSSL throws where hash and key do not go together.
    return false;
  }
}
