/** An authority of its own for a test: certificates for a server on 127.0.0.1 and for agents. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { linkServerName } from '#api';
import { createCertificate, readRequest, type Purpose } from '#x509';

const name = 'test authority';
const serverNames = [
  { kind: 'ip', address: '127.0.0.1' },
  { kind: 'dns', name: linkServerName },
] as const;

export interface TestAuthority {
  readonly pem: string;
  readonly serverKey: string;
  readonly serverCertificate: string;
  /** Signs a request, PEM to PEM. */
  sign(signingRequest: string): Promise<string>;
}

export async function makeAuthority(): Promise<TestAuthority> {
  const authority = makeKeys();
  const issue = (publicKey: KeyObject, subject: string, purpose: Purpose): Promise<string> =>
    createCertificate({
      subject,
      issuer: name,
      publicKey,
      signingKey: authority.privateKey,
      issuerPublicKey: authority.publicKey,
      purpose,
      altNames: purpose === 'server' ? serverNames : [],
      notBefore: Date.now() - 60_000,
      notAfter: Date.now() + 3_600_000,
    });
  const server = makeKeys();
  return {
    pem: await issue(authority.publicKey, name, 'authority'),
    serverKey: server.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    serverCertificate: await issue(server.publicKey, 'server', 'server'),
    sign: async (signingRequest) => issue(await readRequest(signingRequest), 'agent', 'client'),
  };
}

function makeKeys(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey };
}
