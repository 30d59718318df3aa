/** A piece of a guest's memory, which QEMU writes to a file that nobody else can open, and that is gone afterwards. */
import { readFile, rm } from 'node:fs/promises';
import type { MemoryPeek } from '#api';
import { Fault } from '#lib';
import { qmp, type QmpClient } from '#qemu';

/** Errors: `invalid` where no memory is. */
export async function readMemory(
  client: QmpClient,
  path: string,
  { at, bytes, space }: MemoryPeek,
  signal: AbortSignal,
): Promise<Buffer> {
  if (!Number.isSafeInteger(Number(BigInt.asIntN(64, BigInt(at)))))
    throw new Fault('invalid', `there is no ${space} memory at ${at}`);
  const piece = { at: BigInt(at), bytes, path };
  try {
    await rm(path, { force: true });
    await (space === 'virtual' ? qmp.memsave : qmp.pmemsave)(client, piece, { signal });
    const read = await readFile(path);
    if (read.length === bytes) return read;
    throw new Fault('invalid', `there are no ${bytes} bytes of ${space} memory at ${at}`);
  } finally {
    await rm(path, { force: true });
  }
}
