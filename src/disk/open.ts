/**
 * The one way in: opens a disk with all its parents. A format that is named, by the caller or by a child, is
 * never probed. Parents are opened for reading only, checked by identity, without cycles, to a bounded depth.
 */
import { Fault, isFault } from '#lib';
import { detectDisk } from './detect.ts';
import { Disk } from './disk.ts';
import type { Access, DiskFile } from './file/disk-file.ts';
import { formatNamed } from './formats.ts';
import type { Layer, ParentReference } from './layer.ts';
import { maxChainDepth } from './limits.ts';
import { PageJournal } from './page-journal.ts';
import type { FileStore } from './store.ts';

export interface NamedParent {
  readonly path: string;
  readonly format?: string;
  /** `demand` when absent. */
  readonly identity?: 'demand' | 'any';
  /** What lies below that one; as its own file says when absent. */
  readonly parent?: OpenOptions['parent'];
}

export interface OpenOptions {
  readonly path: string;
  readonly store: FileStore;
  /** Of the top layer; `read` when absent. */
  readonly access?: Access | undefined;
  /** Name of the format where it is known; otherwise the content decides. */
  readonly format?: string | undefined;
  /**
   * `follow` (when absent): as the file says. `none`: this layer alone, what it does not hold reads as zeros.
   * A path: that file is the parent, whatever the file says, if its identity is right, or if any will do: to go
   * on with a commit that was cut off, whose first write gave the parent a new one.
   */
  readonly parent?: 'follow' | 'none' | NamedParent | undefined;
  /** Id of an internal snapshot to open instead of the present state; for reading only. */
  readonly snapshot?: string | undefined;
  /** Replaces the file of the top layer, for instance by one without sync. */
  readonly wrap?: ((file: DiskFile) => DiskFile) | undefined;
  /**
   * A file, on a volume that need not outlive the host, by which no write that was answered is lost when this program is
   * killed: the next one that opens the disk with it has them all. Whoever names it has kept all others from changing
   * the disk meanwhile. It is there until the disk is closed. For writing; of formats that are not native to QEMU.
   */
  readonly journal?: string | undefined;
}

/** Opens a disk. Faults: `not-found`, `forbidden`, `corrupt`, `unsupported`, `stale` (another parent). */
export async function openDisk(options: OpenOptions): Promise<Disk> {
  return openLayer(options, options.access ?? 'read', []);
}

async function openLayer(
  options: OpenOptions,
  access: Access,
  above: readonly string[],
): Promise<Disk> {
  const { path, store } = options;
  if (above.length >= maxChainDepth) {
    throw new Fault('too-large', `${path}: the chain of parents is longer than ${maxChainDepth}`);
  }
  const opened = await store.open(path, access);
  const file = options.wrap === undefined ? opened : options.wrap(opened);
  let layer: Layer | undefined;
  try {
    const journal =
      options.journal === undefined || access === 'read'
        ? undefined
        : new PageJournal(options.journal);
    if (above.includes(file.identity)) {
      throw new Fault('corrupt', `${path}: the chain of parents comes back to itself`);
    }
    const format =
      options.format === undefined ? await detectDisk(file) : formatNamed(options.format);
    layer = await format.open({
      file,
      openNeighbour: async (name) => store.open(await store.locate(path, name), access),
      journal,
    });
    if (options.snapshot !== undefined) layer = await openSnapshot(layer, options.snapshot);
    const parent = await openParent(options, layer, [...above, file.identity]);
    journal?.start();
    return new Disk(layer, parent, journal);
  } catch (error) {
    await layer?.close();
    await file.close();
    throw error;
  }
}

async function openSnapshot(layer: Layer, id: string): Promise<Layer> {
  if (layer.openSnapshot === undefined) {
    throw new Fault('unsupported', `${layer.file.name}: ${layer.format} has no internal snapshots`);
  }
  return layer.openSnapshot(id);
}

async function openParent(
  options: OpenOptions,
  layer: Layer,
  above: readonly string[],
): Promise<Disk | undefined> {
  const { parent = 'follow', path, store } = options;
  const reference = layer.parentReference;
  if (parent === 'none' || (parent === 'follow' && reference === undefined)) return undefined;
  const given = parent === 'follow' ? undefined : parent;
  const parentPath = given?.path ?? (await locateParent(store, path, reference));
  const format = given?.format ?? reference?.format;
  const disk = await openLayer(
    { path: parentPath, store, parent: given?.parent, ...(format === undefined ? {} : { format }) },
    'read',
    above,
  );
  try {
    if (given?.identity !== 'any') checkIdentity(path, disk, reference);
    return disk;
  } catch (error) {
    await disk.close();
    throw error;
  }
}

/** The first of the names that leads to a file. */
async function locateParent(
  store: FileStore,
  path: string,
  reference: ParentReference | undefined,
): Promise<string> {
  let first: unknown;
  for (const name of reference?.names ?? []) {
    try {
      return await store.locate(path, name);
    } catch (error) {
      // The store knows what stands against where it leads; another name would hide that.
      if (isFault(error, 'refused')) throw error;
      first ??= error;
    }
  }
  throw new Fault('not-found', `${path}: its parent is not where the file says`, {
    cause: first,
    facts: { file: path, names: reference?.names ?? [] },
    hint: 'reconnect the disk to its parent',
  });
}

function checkIdentity(path: string, parent: Disk, reference: ParentReference | undefined): void {
  const wanted = reference?.identity;
  const found = parent.layer.describe().identity;
  if (wanted === undefined || wanted === found) return;
  throw new Fault('stale', `${path}: ${parent.name} is not the parent it was made from`, {
    facts: { file: path, parent: parent.name, wanted, found },
    hint: 'reconnect the disk to the parent with the identity it names',
  });
}
