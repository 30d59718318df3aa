/** What a file on which something lies is known by (DISK-25). */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { kiB } from '#lib';
import type { Seal } from '../machine/layers/seal.ts';

const headBytes = 64 * kiB;

/** Errors: those of the system. */
export async function readSeal(path: string): Promise<Seal> {
  const handle = await open(path, 'r');
  try {
    const { size, mtimeNs, mode } = await handle.stat({ bigint: true });
    const head = Buffer.alloc(headBytes);
    const { bytesRead } = await handle.read(head, 0, headBytes, 0);
    return {
      sizeBytes: Number(size),
      modified: String(mtimeNs),
      head: createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex'),
      mode: Number(mode) & 0o777,
    };
  } finally {
    await handle.close();
  }
}
