/**
 * Changes that a format has no safe way to make in its place (the size and the parent of a VMDK stand in a text that is
 * longer than a sector), made by writing the layer anew. The old file is in place, whole, until the new one, which has
 * been compared with it, takes its name. The new layer has a new identity, so it must have no children.
 */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import type { NewParent } from '../layer.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { copyDifferences, copyLayers } from './chain.ts';
import { compareDisks } from './compare.ts';
import { demandSpace, makeDisk, parentFor } from './create.ts';
import type { VerbOptions } from './progress.ts';
import { demandSize } from './resize.ts';

export interface AnewOptions extends VerbOptions {
  readonly store: FileStore;
}

/** Kinds that are one file, and plain. */
const oneFile: readonly string[] = ['monolithicSparse'];

interface Changed {
  readonly sizeBytes: number;
  readonly parent: NewParent | undefined;
}

/** Gives the disk another size. Faults: as `resizeDisk`; `exhausted`, `cancelled`. */
export async function resizeAnew(
  disk: Disk,
  sizeBytes: number,
  options: AnewOptions,
): Promise<void> {
  await demandSize(disk, sizeBytes, options.signal);
  const parent = disk.parent === undefined ? undefined : await parentFor(disk.name, disk.parent);
  await writeAnew(disk, { sizeBytes, parent }, options, async () => undefined);
}

/** Gives a child another parent, as `rebaseDisk` does. */
export async function rebaseAnew(
  child: Disk,
  parent: Disk,
  options: AnewOptions,
): Promise<{ readonly copiedBytes: number }> {
  let copiedBytes = 0;
  const changed = { sizeBytes: child.sizeBytes, parent: await parentFor(child.name, parent) };
  await writeAnew(child, changed, options, async (made) => {
    copiedBytes = await copyDifferences(child, parent, made, options);
  });
  return { copiedBytes };
}

/** Records where the parent is now. The child has been opened with that parent named, which proves it to be its own. */
export async function reconnectAnew(child: Disk, options: AnewOptions): Promise<void> {
  const { parent } = child;
  if (parent === undefined) throw new Fault('invalid', `${child.name} is open without its parent`);
  const changed = { sizeBytes: child.sizeBytes, parent: await parentFor(child.name, parent) };
  await writeAnew(child, changed, options, async () => undefined);
}

async function writeAnew(
  disk: Disk,
  { sizeBytes, parent }: Changed,
  options: AnewOptions,
  complete: (made: Disk) => Promise<void>,
): Promise<void> {
  const { variant } = disk.layer.describe();
  if (!oneFile.includes(variant)) {
    throw new Fault('unsupported', `${disk.name}: a ${variant} ${disk.format} is not changed so`, {
      hint: 'convert it to a disk of one file first',
    });
  }
  const { store, signal } = options;
  await demandSpace(disk.name, await disk.layer.file.size());
  const wanted = {
    path: disk.name,
    format: disk.format,
    variant,
    blockBytes: disk.blockBytes,
    sectorBytes: disk.sectorBytes,
    sizeBytes,
    parent,
    existing: 'replace',
    signal,
  } as const;
  await makeDisk(wanted, store, async (made) => {
    await copyLayers(disk, made, 0, options);
    await complete(made);
    await made.flush();
    await using copy = await openDisk({ path: made.name, store, format: made.format });
    const limitBytes = Math.min(disk.sizeBytes, sizeBytes);
    const { isEqual, firstDifference } = await compareDisks(disk, copy, { signal, limitBytes });
    if (isEqual) return;
    throw new Fault('internal', `the new ${disk.name} differs at ${firstDifference}`, {
      hint: 'the disk is as it was; try again',
    });
  });
}
