/** A certificate for a name, signed by itself, and its key. PEM. */
import { generateKeyPairSync } from 'node:crypto';
import { createCertificate } from '../mod.ts';

const dayMs = 86_400_000;

export async function makePair(
  name: string,
): Promise<{ readonly chain: string; readonly key: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const chain = await createCertificate({
    subject: name,
    issuer: name,
    publicKey,
    signingKey: privateKey,
    issuerPublicKey: publicKey,
    purpose: 'server',
    altNames: [{ kind: 'dns', name }],
    notBefore: Date.now() - dayMs,
    notAfter: Date.now() + 60 * dayMs,
  });
  return { chain, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}
