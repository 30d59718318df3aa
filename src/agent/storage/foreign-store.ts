/**
 * Files of other products' disks: a name that leads nowhere here, since it was written on another system, means the
 * file of that name beside the one that names it, in any case of letters. Names lead to nothing outside of the folders.
 */
import { existsSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hostStore, portableName, type FileStore } from '#disk';
import { maxFileBytes } from '#foreign';
import { Fault, formatBytes, isFault } from '#lib';
import { isInside } from './allowed.ts';

export const maxNeighbours = 1000;

export function foreignStore(folders: readonly string[]): FileStore {
  const store = hostStore(folders.filter((folder) => existsSync(folder)));
  return {
    open: (path, access) => store.open(path, access),
    async locate(from, name) {
      try {
        return await store.locate(from, name);
      } catch (error) {
        if (!isFault(error, 'not-found') && !isFault(error, 'forbidden')) throw error;
        const beside = await findBeside(dirname(from), name);
        if (beside === undefined || !(await isInside(beside, folders))) throw error;
        return beside;
      }
    },
  };
}

/** The file in the folder that has the last part of the name. */
export async function findBeside(folder: string, name: string): Promise<string | undefined> {
  const last = basename(portableName(name)).toLowerCase();
  const neighbours = (await readdir(folder)).slice(0, maxNeighbours);
  const found = neighbours.find((one) => one.toLowerCase() === last);
  return found === undefined ? undefined : join(folder, found);
}

/** A configuration, or what lies beside one. Faults: `not-found`, `invalid`, `too-large`. */
export async function readBounded(file: string): Promise<Buffer> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new Fault('not-found', `cannot open ${file}`, { cause });
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Fault('invalid', `${file} is no file`);
    if (stats.size > maxFileBytes)
      throw new Fault('too-large', `${file} has ${formatBytes(stats.size)}`, {
        hint: 'name the configuration, not a disk',
      });
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
