/**
 * Making X.509 certificates (RFC 5280). Only what an installation's own authority needs: version 3,
 * ECDSA with SHA-256 (RFC 5758), a common name, and the extensions below. Reading and verifying is
 * done by node:crypto's X509Certificate.
 */
import { randomBytes, webcrypto, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { Extension, GeneralName, Name } from '@peculiar/x509';
import { assert } from '../assert.ts';
import { loadLibrary, p256, type Library } from './library.ts';
import { encodePem } from './pem.ts';

/** Of extended key usage (RFC 5280, 4.2.1.12). */
export const oids = {
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

/** PEM. The serial number is 126 random bits behind a first one that is set. */
export async function createCertificate(request: CertificateRequest): Promise<string> {
  assert(
    request.signingKey.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    'the signing key is not on P-256',
  );
  const library = await loadLibrary();
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const certificate = await library.X509CertificateGenerator.create(
    {
      serialNumber: serial.toString('hex'),
      issuer: makeName(library, request.issuer),
      subject: makeName(library, request.subject),
      notBefore: new Date(request.notBefore),
      notAfter: new Date(request.notAfter),
      publicKey: exportKey(request.publicKey),
      signingKey: request.signingKey.toCryptoKey(p256, false, ['sign']),
      signingAlgorithm: p256,
      extensions: await makeExtensions(library, request),
    },
    webcrypto,
  );
  return encodePem('CERTIFICATE', new Uint8Array(certificate.rawData));
}

/** A distinguished name of one common name. */
export function makeName(library: Library, commonName: string): Name {
  assert(commonName.length > 0 && commonName.length <= 64, 'a common name of 1 to 64 characters');
  return new library.Name([{ CN: [{ utf8String: commonName }] }]);
}

/** SubjectPublicKeyInfo. */
export function exportKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

async function makeExtensions(library: Library, request: CertificateRequest): Promise<Extension[]> {
  const { purpose, altNames } = request;
  const isAuthority = purpose === 'authority';
  const { cRLSign, keyCertSign } = library.KeyUsageFlags;
  const holder = await identifyKey(library, request.publicKey);
  const issuer = await identifyKey(library, request.issuerPublicKey);
  const list: Extension[] = [
    // No authority below an authority.
    new library.BasicConstraintsExtension(isAuthority, isAuthority ? 0 : undefined, true),
    new library.SubjectKeyIdentifierExtension(holder),
    new library.AuthorityKeyIdentifierExtension(issuer),
  ];
  // For nobody else: libvirt's programs want one that is there to permit the enciphering of keys as well, which a key on
  // an elliptic curve must not be for (RFC 8813).
  if (isAuthority) list.push(new library.KeyUsagesExtension(keyCertSign | cRLSign, true));
  if (!isAuthority) {
    const use = purpose === 'server' ? oids.serverAuth : oids.clientAuth;
    list.push(new library.ExtendedKeyUsageExtension([use]));
  }
  if (altNames.length > 0) {
    const names = altNames.map((name) => makeGeneralName(library, name));
    list.push(new library.SubjectAlternativeNameExtension(names));
  }
  return list;
}

/** RFC 7093, method 1: the first 160 bits of the SHA-256 of the key's bits. Hexadecimal. */
async function identifyKey(library: Library, key: KeyObject): Promise<string> {
  const hash = await new library.PublicKey(exportKey(key)).getKeyIdentifier('SHA-256', webcrypto);
  return Buffer.from(hash, 0, 20).toString('hex');
}

function makeGeneralName(library: Library, name: AltName): GeneralName {
  switch (name.kind) {
    case 'dns':
      return new library.GeneralName('dns', name.name);
    case 'uri':
      return new library.GeneralName('url', name.uri);
    case 'ip':
      return new library.GeneralName('ip', normalizeAddress(name.address));
  }
}

/** Without a zone index (fe80::1%eth0), and in hexadecimal groups alone: ::ffff:192.0.2.1 is beyond the library. */
function normalizeAddress(address: string): string {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) === 4) return plain;
  assert(isIP(plain) === 6, `${address} is not an address`);
  // The URL parser writes the one normal form.
  return new URL(`http://[${plain}]`).hostname.slice(1, -1);
}
