/** An authority of its own for a test: certificates for a server on 127.0.0.1 and for agents. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createCertificate, readRequest, type Purpose } from '#x509';

const name = 'test authority';

export interface TestAuthority {
  readonly pem: string;
  readonly serverKey: string;
  readonly serverCertificate: string;
  /** Signs a request, PEM to PEM. */
  sign(signingRequest: string): string;
}

export function makeAuthority(): TestAuthority {
  const authority = makeKeys();
  const issue = (publicKey: KeyObject, subject: string, purpose: Purpose): string =>
    createCertificate({
      subject,
      issuer: name,
      publicKey,
      signingKey: authority.privateKey,
      issuerPublicKey: authority.publicKey,
      purpose,
      altNames: purpose === 'server' ? [{ kind: 'ip', address: '127.0.0.1' }] : [],
      notBefore: Date.now() - 60_000,
      notAfter: Date.now() + 3_600_000,
    });
  const server = makeKeys();
  return {
    pem: issue(authority.publicKey, name, 'authority'),
    serverKey: server.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    serverCertificate: issue(server.publicKey, 'server', 'server'),
    sign: (signingRequest) => issue(readRequest(signingRequest), 'agent', 'client'),
  };
}

function makeKeys(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey };
}
