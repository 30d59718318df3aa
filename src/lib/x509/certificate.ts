/**
 * Making X.509 certificates (RFC 5280). Only what an installation's own authority needs: version 3,
 * ECDSA with SHA-256 (RFC 5758), a common name, and the extensions below. Reading and verifying is
 * done by node:crypto's X509Certificate.
 */
import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { assert } from '../assert.ts';
import {
  constructedTag,
  contextTag,
  decode,
  decodeChildren,
  encode,
  encodeBits,
  encodeInteger,
  encodeOid,
  encodeSequence,
  encodeTime,
  tags,
} from './der.ts';
import { encodePem } from './pem.ts';

export const oids = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** A name that a certificate is valid for. */
export type AltName =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'ip'; readonly address: string }
  | { readonly kind: 'uri'; readonly uri: string };

/** What the holder may do with it. */
export type Purpose = 'authority' | 'server' | 'client';

export interface CertificateRequest {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  /** The issuer's; an EC key on P-256. */
  readonly signingKey: KeyObject;
  readonly issuerPublicKey: KeyObject;
  readonly purpose: Purpose;
  readonly altNames: readonly AltName[];
  /** Milliseconds since 1970; cut to whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** PEM. The serial number is 127 random bits. */
export function createCertificate(request: CertificateRequest): string {
  assert(
    request.signingKey.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    'the signing key is not on P-256',
  );
  const algorithm = encodeSequence(encodeOid(oids.ecdsaWithSha256));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const content = encodeSequence(
    encode(constructedTag(0), encodeInteger(Buffer.from([2]))),
    encodeInteger(serial),
    algorithm,
    encodeName(request.issuer),
    encodeSequence(encodeTime(request.notBefore), encodeTime(request.notAfter)),
    encodeName(request.subject),
    exportKey(request.publicKey),
    encode(constructedTag(3), encodeSequence(...extensions(request))),
  );
  const signature = sign('sha256', content, request.signingKey);
  return encodePem('CERTIFICATE', encodeSequence(content, algorithm, encodeBits(signature)));
}

/** A distinguished name of one common name. */
export function encodeName(commonName: string): Buffer {
  assert(commonName.length > 0 && commonName.length <= 64, 'a common name of 1 to 64 characters');
  return encodeSequence(
    encode(
      tags.set,
      encodeSequence(
        encodeOid(oids.commonName),
        encode(tags.utf8String, Buffer.from(commonName, 'utf8')),
      ),
    ),
  );
}

/** SubjectPublicKeyInfo. */
export function exportKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

function extensions(request: CertificateRequest): Buffer[] {
  const isAuthority = request.purpose === 'authority';
  const list = [
    extension(
      oids.basicConstraints,
      // CA true with no authority below it; a leaf's is the empty sequence.
      isAuthority
        ? encodeSequence(encode(tags.boolean, Buffer.from([0xff])), encodeInteger(Buffer.from([0])))
        : encodeSequence(),
      'critical',
    ),
    extension(
      oids.keyUsage,
      // Bits from the left: 0 digitalSignature, 5 keyCertSign, 6 cRLSign; before them the unused ones.
      encode(tags.bitString, Buffer.from(isAuthority ? [1, 0b0000_0110] : [7, 0b1000_0000])),
      'critical',
    ),
    extension(
      oids.subjectKeyIdentifier,
      encode(tags.octetString, keyIdentifier(request.publicKey)),
      'plain',
    ),
    extension(
      oids.authorityKeyIdentifier,
      encodeSequence(encode(contextTag(0), keyIdentifier(request.issuerPublicKey))),
      'plain',
    ),
  ];
  if (!isAuthority) {
    const use = request.purpose === 'server' ? oids.serverAuth : oids.clientAuth;
    list.push(extension(oids.extendedKeyUsage, encodeSequence(encodeOid(use)), 'plain'));
  }
  if (request.altNames.length > 0) {
    list.push(
      extension(
        oids.subjectAltName,
        encodeSequence(...request.altNames.map(encodeAltName)),
        'plain',
      ),
    );
  }
  return list;
}

function extension(oid: string, value: Buffer, weight: 'critical' | 'plain'): Buffer {
  return encodeSequence(
    encodeOid(oid),
    ...(weight === 'critical' ? [encode(tags.boolean, Buffer.from([0xff]))] : []),
    encode(tags.octetString, value),
  );
}

/** RFC 7093, method 1: the first 160 bits of the SHA-256 of the key's bits. */
function keyIdentifier(key: KeyObject): Buffer {
  const [, bits] = decodeChildren(decode(exportKey(key), tags.sequence), 2);
  assert(bits?.tag === tags.bitString, 'a public key ends with its bits');
  return createHash('sha256').update(bits.content.subarray(1)).digest().subarray(0, 20);
}

function encodeAltName(name: AltName): Buffer {
  switch (name.kind) {
    case 'dns':
      return encode(contextTag(2), Buffer.from(name.name, 'ascii'));
    case 'uri':
      return encode(contextTag(6), Buffer.from(name.uri, 'ascii'));
    case 'ip':
      return encode(contextTag(7), addressBytes(name.address));
  }
}

/** 4 or 16 bytes; a zone index (fe80::1%eth0) has no place in a certificate. */
function addressBytes(address: string): Buffer {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) === 4) return Buffer.from(plain.split('.').map(Number));
  assert(isIP(plain) === 6, `${address} is not an address`);
  // The URL parser writes the one normal form: hexadecimal groups with at most one gap.
  const text = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [left = '', right] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
