/** The manifest of a package that is made here, and who signs it (DMTF DSP0243 section 6). */
import { createHash, createPrivateKey, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { writeManifest, writeSignature, type Digest } from '#foreign';
import { Fault } from '#lib';
import { writeFileAtomic } from '../atomic-file.ts';
import { readBounded } from '../foreign-store.ts';
import { hashFile } from './hash-file.ts';

const algorithm = 'sha256';

export interface SigningKey {
  readonly key: KeyObject;
  /** PEM, that of the signer first. */
  readonly certificates: readonly string[];
}

/** A PEM file with a private key and the certificate for it. Errors: `not-found`; `invalid` for what is none, or is locked by a password. */
export async function readSigningKey(path: string): Promise<SigningKey> {
  const text = (await readBounded(path)).toString('latin1');
  const certificates =
    text.match(/-----BEGIN CERTIFICATE-----[^-]{1,16384}-----END CERTIFICATE-----/g) ?? [];
  const hint = 'it is a PEM file with a private key without a password, and with its certificate';
  try {
    const key = createPrivateKey(text);
    const [own = ''] = certificates;
    if (!new X509Certificate(own).checkPrivateKey(key))
      throw new Fault('invalid', 'its first certificate is that of another key');
    return { key, certificates };
  } catch (cause) {
    // What a library says of a key may quote it.
    const why = cause instanceof Fault ? cause : undefined;
    throw new Fault('invalid', `cannot sign with ${path}`, { hint, ...(why && { cause: why }) });
  }
}

export interface Seal {
  readonly folder: string;
  /** Not yet in the folder. */
  readonly descriptor: { readonly file: string; readonly bytes: Buffer };
  /** In the folder. */
  readonly disks: readonly string[];
  readonly signing: SigningKey | undefined;
  readonly signal: AbortSignal;
}

/** Names of what belongs to a descriptor, in the order of an archive. */
export function sealNames(descriptor: string): readonly [manifest: string, signature: string] {
  const stem = descriptor.replace(/\.[^.]*$/, '');
  return [`${stem}.mf`, `${stem}.cert`];
}

export async function sealPackage(seal: Seal): Promise<void> {
  const { folder, descriptor, disks, signing, signal } = seal;
  const [manifest, signatureFile] = sealNames(descriptor.file);
  const digests: (readonly [string, Digest])[] = [
    [
      descriptor.file,
      { algorithm, hex: createHash(algorithm).update(descriptor.bytes).digest('hex') },
    ],
  ];
  for (const disk of disks) {
    const hex = await hashFile(join(folder, disk), { signal, algorithm });
    digests.push([disk, { algorithm, hex }]);
  }
  const bytes = Buffer.from(writeManifest(digests));
  const put = (file: string, content: Buffer): Promise<void> =>
    writeFileAtomic(join(folder, file), content, { mode: 0o600, durability: 'flushed' });
  await put(manifest, bytes);
  if (signing === undefined) return;
  const signature = sign(algorithm, bytes, signing.key);
  const { certificates } = signing;
  const signed = writeSignature(manifest, { algorithm, signature, certificates });
  await put(signatureFile, Buffer.from(signed));
}
