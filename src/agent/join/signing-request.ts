/** A key pair (ECDSA P-256) and the request for a certificate for it (PKCS #10, RFC 2986). */
import { generateKeyPairSync } from 'node:crypto';
import { createRequest } from '#x509';

export interface KeyAndRequest {
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** PEM. */
  readonly signingRequest: string;
}

export function makeKeyAndRequest(hostName: string): KeyAndRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    signingRequest: createRequest(privateKey, publicKey, hostName.slice(0, 64)),
  };
}
