/**
 * The space that the files of a vm take up (DISK-67): its configuration, its disks with their layers, its saved state, what
 * its snapshots keep beside the disks, firmware variables, TPM, logs and ports. Files are known by name: no folder is
 * searched for others, and no disk is opened. What several vms stand on (docs/rfd/0019) is nobody's own: it is counted
 * once a single vm is left that has it.
 */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveFile } from '../drivers/qemu/places.ts';
import type { MachineFile } from '../machine/record.ts';
import { rolesOf } from './list-files.ts';

/** As stat(2) counts blocks. */
const blockBytes = 512;
/** A snapshot has a folder, and in it one of the TPM. */
const maxDepth = 2;
const maxFolderFiles = 100;

/** In bytes. Files that are not there take up nothing. Errors: those of the file system. */
export async function occupiedBytes(file: MachineFile): Promise<number> {
  const shared = new Set(
    file.layers.files
      .filter((layer) => layer.shared)
      .map((layer) => resolveFile(file.folder, layer.file)),
  );
  const counted = new Set<string>();
  let bytes = 0;
  const count = async (path: string, depth: number): Promise<void> => {
    const stats = await statOrNone(path);
    if (stats === undefined || (shared.has(path) && stats.nlink > 1)) return;
    const identity = `${stats.dev}:${stats.ino}`;
    if (counted.has(identity)) return;
    counted.add(identity);
    bytes += stats.blocks * blockBytes;
    if (!stats.isDirectory() || depth === maxDepth) return;
    for (const name of (await readdir(path)).slice(0, maxFolderFiles))
      await count(join(path, name), depth + 1);
  };
  for (const path of rolesOf(file).keys()) await count(path, 0);
  return bytes;
}

async function statOrNone(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
