/** A folder of its own for a test, and disks in it with content that can be told apart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import { hostStore } from '../store.ts';
import { makeDisk, parentFor, type NewDisk } from '../verbs/create.ts';
import { seededRandom } from './random.ts';

export const store = hostStore();

export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gd-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Random data in a few places, zeros elsewhere; the same for the same seed and size. */
export async function scatter(disk: Disk, seed: number, pieces = 12): Promise<void> {
  const random = seededRandom(seed);
  for (let piece = 0; piece < pieces; piece += 1) {
    const length = (1 + random.pick(200)) * 512;
    const offset = random.pick((disk.sizeBytes - length) / 512) * 512;
    await disk.write(random.bytes(length), offset);
  }
}

/** Makes a disk, over a parent if one is named, with scattered content. */
export async function makeScattered(
  wanted: NewDisk & { readonly over?: string },
  seed: number,
): Promise<void> {
  const below =
    wanted.over === undefined ? undefined : await openDisk({ path: wanted.over, store });
  const parent = below === undefined ? undefined : await parentFor(wanted.path, below);
  await below?.close();
  await makeDisk({ ...wanted, durability: 'memory', parent }, store, (disk) => scatter(disk, seed));
}

/** The whole content of a disk that is known to be small. */
export async function contentAt(path: string): Promise<Buffer> {
  await using disk = await openDisk({ path, store });
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes;
}
