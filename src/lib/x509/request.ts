/**
 * Certificate requests (PKCS #10, RFC 2986): a public key with the proof that the sender has the
 * private one. Names and wishes in a request are of no account: who signs says what is certified.
 *
 * Invariant: the library gets bytes from outside only as one bounded ASN.1 sequence. Its reader of text
 * takes a time that doubles with every line of a hostile header.
 */
import { createPublicKey, webcrypto, type KeyObject } from 'node:crypto';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import { assert } from '../assert.ts';
import { Fault } from '../fault.ts';
import { makeName } from './certificate.ts';
import { loadLibrary, p256, type Library } from './library.ts';
import { decodePem, encodePem } from './pem.ts';

const maxRequestBytes = 8192;
/** Requests of this world are seven levels deep and have some thirty parts; wishes in them are more. */
const limits = { berOptions: { maxDepth: 32, maxNodes: 1000, maxContentLength: maxRequestBytes } };
const sequenceTag = 0x30;
const label = 'CERTIFICATE REQUEST';

/** PEM, for an EC key on P-256. */
export async function createRequest(
  privateKey: KeyObject,
  publicKey: KeyObject,
  name: string,
): Promise<string> {
  assert(
    privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    'the key of a request is on P-256',
  );
  const library = await loadLibrary();
  const keys = {
    privateKey: privateKey.toCryptoKey(p256, false, ['sign']),
    publicKey: publicKey.toCryptoKey(p256, true, ['verify']),
  };
  const request = await library.Pkcs10CertificateRequestGenerator.create(
    { name: makeName(library, name), keys, signingAlgorithm: p256 },
    webcrypto,
  );
  return encodePem(label, new Uint8Array(request.rawData));
}

/** Of signatures: RFC 5758, RFC 8410. */
const algorithms = new Set(['ECDSA SHA-256', 'ECDSA SHA-384', 'ECDSA SHA-512', 'Ed25519']);
const curves = new Set<string | undefined>(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * The public key of a request whose signature holds. Errors: `too-large`; `invalid`, also for a key that
 * is weaker than P-256 or of another kind.
 */
export async function readRequest(pem: string): Promise<KeyObject> {
  if (pem.length > maxRequestBytes)
    throw new Fault('too-large', 'the certificate request is too large');
  const der = decodePem(label, pem, 'the certificate request');
  // The library takes whatever does not begin as a sequence for text.
  if (der[0] !== sequenceTag)
    throw new Fault('invalid', 'the certificate request is not an ASN.1 sequence');
  const { request, keyInfo, algorithm } = parse(await loadLibrary(), der);
  if (!algorithms.has(algorithm))
    throw new Fault('invalid', 'the certificate request is not signed with ECDSA or Ed25519');
  const key = readKey(keyInfo);
  // It throws where key, hash and signature do not go together.
  if (!(await request.verify(webcrypto).catch(() => false)))
    throw new Fault('invalid', 'the signature of the certificate request does not hold');
  return key;
}

interface Parsed {
  readonly request: Pkcs10CertificateRequest;
  /** SubjectPublicKeyInfo. */
  readonly keyInfo: ArrayBuffer;
  /** With its hash, where it has one. */
  readonly algorithm: string;
}

interface FoundAlgorithm {
  readonly name?: string;
  readonly hash?: { readonly name: string };
}

/** Errors: `invalid`. */
function parse(library: Library, der: Buffer): Parsed {
  try {
    const request = new library.Pkcs10CertificateRequest(der, limits);
    const found: FoundAlgorithm = request.signatureAlgorithm;
    const algorithm = [found.name, found.hash?.name].filter(Boolean).join(' ');
    return { request, keyInfo: request.publicKey.rawData, algorithm };
  } catch (cause) {
    throw new Fault('invalid', 'the certificate request cannot be read', { cause });
  }
}

function readKey(keyInfo: ArrayBuffer): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(keyInfo), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new Fault('invalid', 'the key of the certificate request cannot be read', { cause });
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
