/** Differencing disks over disks of a vm that are served to it, made by the disk library (docs/rfd/0027). */
import { existsSync } from 'node:fs';
import type { DiskAnswer } from '#api';
import { hostStore, makeDisk, openDisk, parentFor, type FileStore } from '#disk';
import { Fault } from '#lib';
import { exists } from './exists.ts';

export interface DiskFile {
  readonly path: string;
  readonly format: string;
}

export interface ChildPlace {
  /** In which parents may lie. */
  readonly folders: readonly string[];
  readonly signal: AbortSignal;
}

/** Whole or not at all; one that was made before is known by its parent. Errors: `exists`. */
export async function makeChildDisk(
  child: DiskFile,
  parent: DiskFile,
  { folders, signal }: ChildPlace,
): Promise<void> {
  const store = storeOf(folders);
  await using below = await openDisk({ ...parent, store });
  if (!(await exists(child.path))) {
    const on = await parentFor(child.path, below);
    await makeDisk({ ...child, sizeBytes: below.sizeBytes, parent: on, signal }, store);
    return;
  }
  await using there = await openDisk({ ...child, store }).catch(() => undefined);
  if (there?.parent?.layer.file.identity === below.layer.file.identity) return;
  throw new Fault('exists', `${child.path} is there already`, { hint: 'choose another name' });
}

export async function describeDiskFile(
  { path, format }: DiskFile,
  folders: readonly string[],
): Promise<DiskAnswer<'create-child'>> {
  await using disk = await openDisk({ path, format, store: storeOf(folders), parent: 'none' });
  return { path, format, variant: disk.layer.describe().variant, sizeBytes: disk.sizeBytes };
}

/** That follows the names of parents into the folders, as far as these exist; without any, into those of the files themselves. */
export function storeOf(folders: readonly string[]): FileStore {
  return hostStore(folders.filter((folder) => existsSync(folder)));
}
