/**
 * Makes the file of a disk smaller by writing it anew in its folder (the disk library); it is in place, whole, until the
 * new one takes its name. What an agent before this one left of that is removed first.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DiskCompact } from '#api';
import { compactDisk as compactFile, hostStore } from '#disk';
import type { LayerWork } from '../drivers/layer-storage.ts';

export interface Compacted {
  /** What the file takes up now. */
  readonly fileBytes: number;
  readonly gainBytes: number;
}

/** Errors: `refused` where the format does not grow; `exhausted`, `cancelled`. */
export async function compactDisk(
  path: string,
  format: string,
  { freeBlocks, fixed }: DiskCompact,
  { signal, onProgress }: LayerWork,
): Promise<Compacted> {
  const folder = dirname(path);
  await removeRests(folder, basename(path));
  const beforeBytes = await takenBytes(path);
  await compactFile({
    path,
    format,
    store: hostStore([folder]),
    freeBlocks,
    fixed,
    signal,
    onProgress: ({ doneBytes, totalBytes }) =>
      onProgress(totalBytes === 0 ? 1 : doneBytes / totalBytes),
  });
  const fileBytes = await takenBytes(path);
  return { fileBytes, gainBytes: beforeBytes - fileBytes };
}

/** The library gives what it has not finished the name of the disk with a dot, a number and an ending. */
async function removeRests(folder: string, name: string): Promise<void> {
  for (const one of await readdir(folder)) {
    const isRest = one.startsWith(`.${name}.`) && /\.[0-9a-f]{8}\.part$/.test(one);
    if (isRest) await rm(join(folder, one), { force: true });
  }
}

async function takenBytes(path: string): Promise<number> {
  return (await stat(path)).blocks * 512;
}
