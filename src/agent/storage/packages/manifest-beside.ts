/**
 * The manifest beside the descriptor of a package, and its signature: what each file has to be (FMT-25). What speaks against an
 * import is told, as all that does is; the contents of disks are compared when they are read.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, extname } from 'node:path';
import type { ForeignMachine } from '#api';
import { decodeText, parseManifest, type Digest } from '#foreign';
import { describeFault, Fault } from '#lib';
import { findBeside, readBounded } from '../foreign-store.ts';
import { isInside } from '../allowed.ts';
import { requireDigest } from './hash-file.ts';
import { readSigner, type Signer } from './signer.ts';

type Blocking = ForeignMachine['blocking'][number];

interface Look {
  readonly folders: readonly string[];
  readonly blocking: Blocking[];
  readonly signal: AbortSignal;
}

export interface Manifest {
  readonly file: string;
  readonly digests: ReadonlyMap<string, Digest>;
  readonly signer: Signer | null;
}

/** Undefined where there is none, or it cannot be read, which is told. `bytes` are those of the descriptor. */
export async function readManifestBeside(
  descriptor: string,
  bytes: Buffer,
  look: Look,
): Promise<Manifest | undefined> {
  const stem = basename(descriptor, extname(descriptor));
  const file = await findInside(descriptor, `${stem}.mf`, look);
  if (file === undefined) return undefined;
  try {
    const text = await readBounded(file);
    const digests = parseManifest(decodeText(text, file));
    judgeDescriptor(descriptor, bytes, digests);
    const certificate = await findInside(descriptor, `${stem}.cert`, look);
    const signer =
      certificate === undefined
        ? null
        : readSigner(text, decodeText(await readBounded(certificate), certificate));
    return { file, digests, signer };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    look.blocking.push(blockedBy(file, error));
    return undefined;
  }
}

/** Of a file of the package, by the name that the descriptor has for it. What is in no manifest that there is, is told. */
export function digestFor(
  { file, digests }: Manifest,
  named: string,
  look: Pick<Look, 'blocking'>,
): Digest | undefined {
  const digest = digests.get(named);
  if (digest === undefined)
    look.blocking.push({
      code: 'not-in-manifest',
      text: `${named} is not among the files of ${file}, so nobody knows whether it is the one that was packed`,
      remedy: `remove ${file} if you trust all files of the package`,
    });
  return digest;
}

/** A medium stays where it is and is compared at once. */
export async function judgeMedium(path: string, digest: Digest, look: Look): Promise<void> {
  const { signal } = look;
  await requireDigest(path, digest, { signal }).catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== 'corrupt') throw error;
    look.blocking.push(blockedBy(path, error));
  });
}

function judgeDescriptor(
  descriptor: string,
  bytes: Buffer,
  digests: ReadonlyMap<string, Digest>,
): void {
  const name = basename(descriptor);
  const digest = digests.get(name);
  if (digest === undefined) throw new Fault('corrupt', `${name} is not among its files`);
  if (createHash(digest.algorithm).update(bytes).digest('hex') !== digest.hex)
    throw new Fault('corrupt', `${name} was changed after it was packed`);
}

function blockedBy(file: string, error: Fault): Blocking {
  return {
    code: 'package-damaged',
    text: `${file}: ${describeFault(error)}`.slice(0, 4096),
    remedy: error.hint ?? 'copy or download the package again',
  };
}

async function findInside(
  descriptor: string,
  name: string,
  { folders }: Look,
): Promise<string | undefined> {
  const beside = await findBeside(dirname(descriptor), name);
  return beside !== undefined && (await isInside(beside, folders)) ? beside : undefined;
}
