/** A host's key pair (ECDSA P-256) and the request for a certificate for it (PKCS #10, RFC 2986). */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createRequest } from '#x509';

/** PKCS #8, PEM. Secret. */
export function makePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

/** Of a private key as `makePrivateKey` makes it; PEM. */
export async function makeRequest(privateKey: string, hostName: string): Promise<string> {
  const key = createPrivateKey(privateKey);
  return createRequest(key, createPublicKey(key), hostName.slice(0, 64));
}
