/** The digest of a whole file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { DigestAlgorithm } from '#foreign';
import { Fault } from '#lib';

export interface Hashing {
  readonly signal: AbortSignal;
  readonly algorithm?: DigestAlgorithm;
  /** How many bytes have been read. */
  readonly onRead?: (doneBytes: number) => void;
}

/** Lower case hexadecimal. Errors: `cancelled`; those of the file system. */
export async function hashFile(
  path: string,
  { signal, algorithm = 'sha256', onRead }: Hashing,
): Promise<string> {
  const hash = createHash(algorithm);
  let doneBytes = 0;
  const highWaterMark = 1024 * 1024;
  for await (const piece of createReadStream(path, { signal, highWaterMark })) {
    const bytes = piece as Buffer;
    hash.update(bytes);
    doneBytes += bytes.length;
    onRead?.(doneBytes);
  }
  return hash.digest('hex');
}

/** Errors: `corrupt` where the file is not what was packed. */
export async function requireDigest(
  path: string,
  { algorithm, hex }: { readonly algorithm: DigestAlgorithm; readonly hex: string },
  work: Pick<Hashing, 'signal' | 'onRead'>,
): Promise<void> {
  if ((await hashFile(path, { ...work, algorithm })) === hex) return;
  throw new Fault(
    'corrupt',
    `${path} is not the file that was packed: its ${algorithm} is not that of the manifest`,
    {
      hint: 'copy or download the package again',
    },
  );
}
