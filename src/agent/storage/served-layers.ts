/**
 * Layers over a disk that is served to QEMU (docs/rfd/0027), by the disk library: qemu-img has a reader of its own for
 * what lies below them, or none.
 */
import { isAbsolute, normalize } from 'node:path';
import {
  claimDisk,
  commitLayers,
  openDisk,
  portableName,
  type Disk,
  type FileStore,
  type OpenOptions,
} from '#disk';
import { Fault } from '#lib';
import type { LayerWork } from '../drivers/layer-storage.ts';
import { storeOf, type DiskFile } from './child-disk.ts';

const sectorBytes = 512;

/** What a layer on a file is as large as, bytes. Errors: `refused` where the disk is in several files. */
export async function sizeOfBase({ path, format }: DiskFile): Promise<number> {
  await using disk = await openDisk({ path, format, store: storeOf([]), parent: 'none' });
  requireOneFile(disk);
  return Math.ceil(disk.sizeBytes / sectorBytes) * sectorBytes;
}

/** Whether the file is all of its disk. */
export async function isWhole(base: DiskFile): Promise<boolean> {
  await using disk = await openDisk({ ...base, store: storeOf([]), parent: 'none' });
  return !isChild(disk) && !hasMoreFiles(disk);
}

function isChild({ layer }: Disk): boolean {
  return layer.parentReference !== undefined;
}

function hasMoreFiles(disk: Disk): boolean {
  return filesOf(disk).length > 1;
}

/** Of VMDK the extents may lie elsewhere. The disk's own comes last. */
export function filesOf({ name, layer }: Disk): readonly string[] {
  return [...new Set((layer.pieces ?? []).map(({ file }) => file.name)), name];
}

/** Of a disk that is served: all files that it consists of, without its parents. */
export async function filesOfServed(
  file: DiskFile,
  folders: readonly string[],
): Promise<readonly string[]> {
  await using disk = await openDisk({ ...file, store: storeOf(folders), parent: 'none' });
  return filesOf(disk);
}

/**
 * Its further files that lie where their names say as seen from it: those that come along when it goes to another folder.
 * Errors: `refused` for one that lies above it.
 */
export async function piecesBeside(
  file: DiskFile,
  folders: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  await using disk = await openDisk({ ...file, store: storeOf(folders), parent: 'none' });
  const found = new Map<string, string>();
  for (const piece of disk.layer.pieces ?? []) {
    const name = normalize(portableName(piece.name));
    if (isAbsolute(name)) continue;
    if (name.startsWith('..'))
      throw new Fault('refused', `${file.path} has a part above its folder, ${piece.name}`, {
        hint: 'attach a copy of it in its place: gantry vm attach-disk --import',
      });
    found.set(piece.file.name, name);
  }
  return found;
}

/** By which the file names its parent, with `/` between folders; none where it has none. */
export async function namesOfParent(file: DiskFile): Promise<string[]> {
  await using disk = await openDisk({ ...file, store: storeOf([]), parent: 'none' });
  return (disk.layer.parentReference?.names ?? []).map(portableName);
}

/** A seal and a second name would be those of the first file alone. */
function requireOneFile(disk: Disk): void {
  if (!hasMoreFiles(disk)) return;
  const { name } = disk;
  throw new Fault('refused', `${name} is a disk in several files, and no layers lie on it`, {
    hint: 'attach a copy of it in its place: gantry vm attach-disk --import',
  });
}

/** Errors: `refused` for a file that is not all of its disk. */
export async function requireAlone(base: DiskFile): Promise<void> {
  await using disk = await openDisk({ ...base, store: storeOf([]), parent: 'none' });
  requireOneFile(disk);
  if (!isChild(disk)) return;
  throw new Fault(
    'refused',
    `${base.path} is a differencing disk, and linked clones share one file`,
    {
      hint: `make one disk of it and its parents: gantry disk flatten ${base.path}; or make a full clone`,
    },
  );
}

/** Writes what the upper files hold into the one below them; `uppers` from the top down; `store`: leads to its further parts. Errors: `refused`, `cancelled`. */
export async function mergeServed(
  uppers: readonly DiskFile[],
  lower: DiskFile & Pick<OpenOptions, 'parent'>,
  store: FileStore,
  { signal, onProgress }: LayerWork,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  // With its parents: what is written in parts of its blocks has the rest from them.
  const into = stack.use(await openDisk({ ...lower, store, access: 'write' }));
  await claimDisk(into, 'merge into');
  const layers: Disk[] = [];
  for (const upper of uppers.toReversed())
    layers.push(stack.use(await openDisk({ ...upper, store, parent: 'none' })));
  await commitLayers(layers, into, {
    signal,
    onProgress: ({ doneBytes, totalBytes }) =>
      onProgress(totalBytes === 0 ? 1 : doneBytes / totalBytes),
  });
}
