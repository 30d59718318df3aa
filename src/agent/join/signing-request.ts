/** A host's key pair (ECDSA P-256) and the request for a certificate for it (PKCS #10, RFC 2986). */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { X509Process } from '#x509';

/** PKCS #8, PEM. Secret. */
export function makePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

/** Of a private key as `makePrivateKey` makes it; PEM. */
export async function makeRequest(privateKey: string, hostName: string): Promise<string> {
  using x509 = new X509Process();
  return await x509.createRequest(createPrivateKey(privateKey), hostName.slice(0, 64));
}
