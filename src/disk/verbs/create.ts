/**
 * Makes disk files. A file appears under its name only when it is complete: until then it has a name of its own
 * beside it, which is removed when anything fails.
 */
import { randomBytes } from 'node:crypto';
import { link, statfs, unlink } from 'node:fs';
import { chmod, chown, lstat, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Fault, formatBytes } from '#lib';
import type { Disk } from '../disk.ts';
import { withoutSync, type DiskFile } from '../file/disk-file.ts';
import { hostFault, openNodeFile } from '../file/node-file.ts';
import type { CreateOptions } from '../format.ts';
import { formatNamed } from '../formats.ts';
import type { NewParent } from '../layer.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { removeLeftovers, temporaryName } from './leftovers.ts';

// what every copy calls: `node:fs/promises` takes two milliseconds to load, which a command that needs no more of it does without
const linkFile = promisify(link);
const unlinkFile = promisify(unlink);
const statVolume = promisify(statfs);

export interface NewDisk {
  readonly path: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly variant?: string | undefined;
  readonly blockBytes?: number | undefined;
  readonly sectorBytes?: number | undefined;
  readonly compression?: 'zlib' | 'zstd' | undefined;
  readonly preallocation?: 'none' | 'full' | undefined;
  readonly parent?: NewParent | undefined;
  /** What to do with a file that has the name: `keep` (when absent) refuses. */
  readonly existing?: 'keep' | 'replace' | undefined;
  /** `memory`: leaves it to the host when the file reaches the volume, as a copy by other tools does. */
  readonly durability?: 'volume' | 'memory' | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the space that is taken at once, since the last call. */
  readonly onFill?: ((bytes: number) => void) | undefined;
}

/** The size the disk would really get. */
export function roundedSize(disk: Pick<NewDisk, 'format' | 'sizeBytes' | 'variant'>): number {
  const format = formatNamed(disk.format);
  return format.roundSize?.(disk.sizeBytes, disk.variant) ?? disk.sizeBytes;
}

/**
 * Creates a disk, fills it, and gives it its name. Faults: `exists`, `unsupported`, `exhausted`; those of `fill`.
 */
export async function makeDisk(
  asked: NewDisk,
  store: FileStore,
  fill: (disk: Disk) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  // what takes the place of a file is made beside the file, not beside a symbolic link to it
  const path =
    asked.existing === 'replace' ? await realpath(asked.path).catch(() => asked.path) : asked.path;
  const wanted: NewDisk = { ...asked, path };
  const folder = dirname(wanted.path);
  const temporary = temporaryName(wanted.path);
  const made: string[] = [];
  await removeLeftovers(wanted.path);
  try {
    await layOutFile(wanted, temporary, (path) => made.push(path));
    const disk = await openDisk({
      path: temporary,
      store,
      access: 'write',
      format: wanted.format,
      wrap: withoutSync,
    });
    disk.layer.file.lock?.('write');
    try {
      await fill(disk);
      await disk.close();
    } catch (error) {
      await disk.abandon();
      throw error;
    }
    if (wanted.durability !== 'memory') for (const path of made) await syncFile(path);
    await publishFile(temporary, wanted.path, wanted.existing ?? 'keep');
    if (wanted.durability !== 'memory') await syncFolder(folder);
  } catch (error) {
    for (const path of made) await rm(path, { force: true });
    throw hostFault(wanted.path, 'create', error);
  }
}

/**
 * Lays out the empty disk in a new file at `place`, which knows the name it will have in the end; `onFile` hears of each file
 * that is made. Faults: `unsupported` for formats that are only read.
 */
export async function layOutFile(
  wanted: NewDisk,
  place: string,
  onFile: (path: string) => void,
): Promise<void> {
  const format = formatNamed(wanted.format);
  if (format.create === undefined) {
    throw new Fault('unsupported', `cannot create ${wanted.path}: ${format.title} is only read`);
  }
  const createFile = async (path: string): Promise<DiskFile> => {
    const file = await openNodeFile(path, 'create');
    file.lock?.('write');
    onFile(path);
    return file;
  };
  const file = await createFile(place);
  try {
    const options: CreateOptions = {
      ...wanted,
      sizeBytes: roundedSize(wanted),
      name: basename(wanted.path),
      createNeighbour: (name) => createFile(join(dirname(place), basename(name))),
      nowMs: Date.now(),
      newIdentity: () => randomBytes(16),
    };
    await format.create(file, options);
  } finally {
    await file.close();
  }
}

/** Gives a complete file its name. What it replaces hands on its owner and permissions. */
export async function publishFile(
  temporary: string,
  path: string,
  existing: 'keep' | 'replace',
): Promise<void> {
  if (existing === 'keep') return giveName(temporary, path);
  const old = await lstat(path).catch(() => undefined);
  if (old?.isFile() === true) {
    await chown(temporary, old.uid, old.gid).catch((error: unknown) => {
      // only root gives files away; everybody may keep their own
      if (old.uid !== process.getuid?.()) throw error;
    });
    await chmod(temporary, old.mode & 0o777);
  }
  await rename(temporary, path);
}

/** Unlike a rename, a link never takes the place of another file; some file systems have no links. */
async function giveName(temporary: string, path: string): Promise<void> {
  try {
    await linkFile(temporary, path);
    await unlinkFile(temporary);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    const taken = await lstat(path).then(
      () => true,
      () => false,
    );
    if (taken) throw new Fault('exists', `${path} is there already`);
    await rename(temporary, path);
  }
}

export async function syncFile(path: string): Promise<void> {
  const file = await openNodeFile(path, 'write');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A disk as the parent that a child in the given place will name. */
export async function parentFor(childPath: string, parent: Disk): Promise<NewParent> {
  const path = resolve(parent.name);
  return {
    path,
    relativePath: relative(dirname(resolve(childPath)), path),
    format: parent.format,
    identity: parent.layer.describe().identity,
    modifiedMs: (await parent.layer.file.modifiedMs?.()) ?? 0,
  };
}

/** Faults: `exhausted` with both figures when the volume of the folder has less than is needed; `not-found` when there is no folder. */
export async function demandSpace(path: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statVolume(`${dirname(path)}/`).catch((error: unknown) => {
    throw hostFault(path, 'create', error);
  });
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  const [needed, free] = [formatBytes(neededBytes), formatBytes(freeBytes)];
  throw new Fault('exhausted', `${path} needs ${needed}, the volume has ${free}`, {
    facts: { neededBytes, freeBytes },
    hint: 'free space on the volume, or choose another',
  });
}
