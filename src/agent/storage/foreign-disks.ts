/**
 * Disks that the configuration of another product names, found and looked at with all their parents (CMP-18), the
 * undo disks over them (FMT-13) and what snapshots hold (FMT-22). What stands in the way of an import is told, not thrown:
 * somebody who looks wants to know all of it.
 */
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { ForeignMachine } from '#api';
import { openDisk, portableName, type Disk } from '#disk';
import type { ForeignMachine as Parsed, ForeignSnapshots, Lost } from '#foreign';
import { describeFault, Fault, isoTime } from '#lib';
import { isInside } from './allowed.ts';
import { exists } from './exists.ts';
import { findBeside, foreignStore } from './foreign-store.ts';

/** Formats with a signature: a file of that suffix without it is damaged. */
const signed = /\.(vmdk|vhd|vud|vhdx|vdi|qcow2)$/i;
const maxNameLength = 4096;

type Blocking = ForeignMachine['blocking'][number];

export interface Look {
  /** Of the configuration. */
  readonly folder: string;
  /** In which files of vms may be. */
  readonly folders: readonly string[];
  readonly lost: Lost[];
  readonly blocking: Blocking[];
  /** All files of disks, parents among them. */
  readonly files: Set<string>;
  readonly signal: AbortSignal;
}

type SeenDisk = ForeignMachine['disks'][number];

/** Undefined, and told, where the disk cannot be taken. */
export async function lookAtDisk(
  disk: Parsed['disks'][number],
  look: Look,
): Promise<SeenDisk | undefined> {
  const { bus, controller, position, files, undoFiles, operationsPerSecond } = disk;
  const at = `${bus}${controller}:${position}`;
  const named = (files[0] ?? '').slice(0, maxNameLength);
  const path = await findFile(files, look);
  if (path === undefined) {
    look.blocking.push({
      code: 'disk-missing',
      text: `the disk ${at}, ${named}, is not on this host`,
      remedy: `put it beside the configuration, into ${look.folder}`,
    });
    return undefined;
  }
  const facts = await tryOpen(`the disk ${at}`, path, look);
  if (facts === undefined) return undefined;
  const undo = await lookAtUndo(at, undoFiles, path, look);
  const limited = operationsPerSecond === undefined ? {} : { operationsPerSecond };
  return { bus, controller, position, named, path, ...facts, ...limited, undo };
}

/** A layer of changes over the disk that the configuration names. */
async function lookAtUndo(
  at: string,
  names: readonly string[],
  below: string,
  look: Look,
): Promise<SeenDisk['undo']> {
  const [named] = names;
  if (named === undefined) return null;
  const path = await findFile(names, look);
  if (path === undefined) {
    const why = 'it is not on this host, so there are no changes to take over';
    look.lost.push({ setting: `${at} undo`, value: named.slice(0, 200), why, device: null });
    return null;
  }
  const facts = await tryOpen(`the undo disk of ${at}`, path, look, (disk) => {
    if (disk.parent !== undefined) return;
    throw new Fault('corrupt', `${path} is no layer over ${below}`);
  });
  if (facts === undefined) return null;
  const { format } = facts;
  return { path, format, fileBytes: (await stat(path)).size };
}

/** What each snapshot holds; one whose disks cannot be read is told, and left out. */
export async function lookAtSnapshots(
  { list, current }: ForeignSnapshots,
  look: Look,
): Promise<Pick<ForeignMachine, 'snapshots' | 'currentSnapshot'>> {
  const snapshots: ForeignMachine['snapshots'] = [];
  for (const { disks, takenMs, ...snapshot } of list) {
    look.signal.throwIfAborted();
    const held: ForeignMachine['snapshots'][number]['disks'] = [];
    for (const { file, ...place } of disks) {
      const path = await findFile([file], look);
      const what = `a disk of the snapshot ${snapshot.name}, ${file.slice(0, 200)}`;
      const facts = path === undefined ? undefined : await tryOpen(what, path, look);
      if (path !== undefined && facts !== undefined)
        held.push({ ...place, path, format: facts.format });
      if (path === undefined)
        look.blocking.push({
          code: 'snapshot-disk-missing',
          text: `${what}, is not on this host`,
          remedy: `put it into ${look.folder}, or delete the snapshot there`,
        });
    }
    const takenAt = takenMs === null ? null : isoTime(takenMs);
    snapshots.push({ ...snapshot, uid: snapshot.uid.slice(0, 64), takenAt, disks: held });
  }
  return { snapshots, currentSnapshot: current };
}

/** Undefined, and told, where it cannot be opened with all its parents. */
async function tryOpen(
  what: string,
  path: string,
  look: Look,
  judge: (disk: Disk) => void = () => undefined,
): Promise<{ readonly format: string; readonly sizeBytes: number } | undefined> {
  const store = foreignStore([look.folder, ...look.folders]);
  try {
    await using disk = await openDisk({ path, store });
    const { format, sizeBytes } = disk;
    if (format === 'raw' && signed.test(path))
      throw new Fault('corrupt', `${path} is not what its name says`);
    judge(disk);
    for (const layer of disk.chain()) look.files.add(layer.name);
    return { format, sizeBytes };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    look.blocking.push(await blockedBy(what, path, error, look));
    return undefined;
  }
}

async function blockedBy(what: string, path: string, error: Fault, look: Look): Promise<Blocking> {
  const { facts } = error;
  const child = typeof facts?.['file'] === 'string' ? facts['file'] : undefined;
  const recorded = child === undefined ? [] : await recordedParent(child, look);
  const where = recorded.join(' or ').slice(0, 1000);
  if (error.code === 'not-found' && child !== undefined)
    return {
      code: 'parent-missing',
      text: `${what}, ${path}: the parent of ${child} is not on this host; it is recorded as ${where}`,
      remedy: `put it into ${look.folder}`,
    };
  if (error.code === 'stale')
    return {
      code: 'parent-changed',
      text: `${what}, ${path}: the parent of ${child ?? path}, recorded as ${where}, was changed or is another disk`,
      remedy: 'put the parent that the disk was made from in its place',
    };
  return {
    code: 'disk-unreadable',
    text: `cannot open ${what}, ${path}: ${describeFault(error)}`.slice(0, maxNameLength),
    remedy: 'look at it with: gantry disk check',
  };
}

/** Where a layer says that its parent is. */
async function recordedParent(path: string, look: Look): Promise<readonly string[]> {
  try {
    const store = foreignStore([look.folder, ...look.folders]);
    await using disk = await openDisk({ path, store, parent: 'none' });
    return disk.layer.parentReference?.names ?? [];
  } catch {
    return [];
  }
}

/** The first name that leads to a file: as it stands, or by its last part beside the configuration, in any case of letters. */
export async function findFile(
  names: readonly string[],
  { folder, folders }: Pick<Look, 'folder' | 'folders'>,
): Promise<string | undefined> {
  for (const name of names) {
    if (name === '' || name.length > maxNameLength || name.includes('\0')) continue;
    const plain = portableName(name);
    const path = isAbsolute(plain) ? plain : join(folder, plain);
    if ((await isInside(path, folders)) && (await exists(path))) return path;
    const beside = await findBeside(folder, name);
    if (beside !== undefined && (await isInside(beside, folders))) return beside;
  }
  return undefined;
}
