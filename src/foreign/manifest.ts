/**
 * The manifest of an OVF package, which has a digest of each of its files, and the certificate file with a signature of the
 * manifest (DMTF DSP0243 section 6): lines as `openssl dgst` writes them, `SHA256(disk.vmdk)= 3a…`.
 */
import { Fault } from '#lib';

export const digestAlgorithms = ['sha1', 'sha256', 'sha512'] as const;
export type DigestAlgorithm = (typeof digestAlgorithms)[number];

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  /** Lower case. */
  readonly hex: string;
}

const maxFiles = 1000;
const digestLengths: Readonly<Record<DigestAlgorithm, number>> = {
  sha1: 40,
  sha256: 64,
  sha512: 128,
};
const line = /^(SHA1|SHA256|SHA512)\s*\((.{1,1024})\)\s*=\s*([0-9a-f]{1,4096})\s*$/i;

/** Digests by the names of files. Faults: `invalid` with the line, `too-large`. */
export function parseManifest(text: string): ReadonlyMap<string, Digest> {
  const digests = new Map<string, Digest>();
  for (const [index, one] of linesOf(text).entries()) {
    const found = readLine(one);
    if (found === undefined || found.hex.length !== digestLengths[found.algorithm])
      throw new Fault('invalid', `line ${index + 1} of the manifest is no digest of a file`);
    if (digests.size >= maxFiles)
      throw new Fault('too-large', `the manifest has more than ${maxFiles} files`);
    digests.set(found.file, { algorithm: found.algorithm, hex: found.hex });
  }
  if (digests.size === 0) throw new Fault('invalid', 'the manifest names no file');
  return digests;
}

export interface ManifestSignature {
  readonly algorithm: DigestAlgorithm;
  readonly signature: Buffer;
  /** PEM, that of the signer first. */
  readonly certificates: readonly string[];
}

/** Faults: `invalid`. */
export function parseSignature(text: string): ManifestSignature {
  const [first = ''] = linesOf(text);
  const found = readLine(first);
  const certificates =
    text.match(/-----BEGIN CERTIFICATE-----[\w+/=\s]{1,16384}?-----END CERTIFICATE-----/g) ?? [];
  if (found === undefined || certificates.length === 0 || found.hex.length % 2 !== 0)
    throw new Fault(
      'invalid',
      'it has no signature of a manifest with the certificate of its signer',
    );
  const { algorithm, hex } = found;
  return { algorithm, signature: Buffer.from(hex, 'hex'), certificates: certificates.slice(0, 10) };
}

/** As `parseManifest` reads it. */
export function writeManifest(digests: Iterable<readonly [string, Digest]>): string {
  return Array.from(digests, ([file, { algorithm, hex }]) => lineOf(algorithm, file, hex)).join('');
}

/** As `parseSignature` reads it. */
export function writeSignature(
  manifest: string,
  { algorithm, signature, certificates }: ManifestSignature,
): string {
  return `${lineOf(algorithm, manifest, signature.toString('hex'))}${certificates.join('\n')}\n`;
}

function lineOf(algorithm: DigestAlgorithm, file: string, hex: string): string {
  return `${algorithm.toUpperCase()}(${file})= ${hex}\n`;
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).filter((one) => one.trim() !== '');
}

function readLine(
  text: string,
):
  { readonly algorithm: DigestAlgorithm; readonly file: string; readonly hex: string } | undefined {
  const [, word = '', file = '', hex = ''] = line.exec(text) ?? [];
  const algorithm = digestAlgorithms.find((one) => one === word.toLowerCase());
  return algorithm === undefined ? undefined : { algorithm, file, hex: hex.toLowerCase() };
}
