/**
 * All disks in some folders as the trees that they are: each with the file that its parent is, its children, and the machines
 * that need it, as a disk of their own or because one of theirs is made from it, in whatever format. Links are not
 * followed; a file that no format knows and whose name is none of a disk's is no disk.
 */
import { lstat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { LinkResult } from '#api';
import { formats, hostStore, openDisk, type Disk, type FileStore } from '#disk';
import { describeFault } from '#lib';
import { realPath } from './allowed.ts';
import { vmIdsOf, type DiskUse, type DiskUsers } from './disk-users.ts';
import { exists } from './exists.ts';
import { findFiles } from './find-files.ts';

const maxDisks = 5000;
const maxChain = 256;

export type FoundDisk = LinkResult<'host.disks'>['disks'][number];

export interface DiskForest {
  readonly disks: ReadonlyMap<string, FoundDisk>;
  readonly users: DiskUsers;
  /** False: there are more than were looked at. */
  readonly complete: boolean;
}

const suffixes = new Set(formats.flatMap((format) => format.suffixes.map((one) => `.${one}`)));

/** Whether the name is one that disks have. */
export function isNamedAsDisk(path: string): boolean {
  return suffixes.has(extname(path).toLowerCase());
}

/** A store that follows the names of parents into the folders, as far as these exist. */
export async function storeOf(folders: readonly string[]): Promise<FileStore> {
  return hostStore(await existingOf(folders));
}

export interface ForestOptions {
  readonly folders: readonly string[];
  /** Files that are looked at whatever their names and however deep they lie. */
  readonly also?: readonly string[];
  /** Leads to parents. */
  readonly store: FileStore;
  readonly users: DiskUsers;
  readonly signal: AbortSignal;
}

export async function readDiskForest(options: ForestOptions): Promise<DiskForest> {
  const { store, users, signal } = options;
  const found = await findDisks(options);
  const disks = new Map<string, FoundDisk>();
  const waiting = [...found.paths];
  // Parents may lie elsewhere than where disks are looked for.
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    signal.throwIfAborted();
    if (disks.has(path) || disks.size === maxDisks) continue;
    const disk = await describe(path, store, users);
    disks.set(path, disk);
    if (disk.parentPath !== null) waiting.push(disk.parentPath);
  }
  const children = new Map<string, string[]>();
  for (const { path, parentPath } of disks.values()) {
    if (parentPath === null) continue;
    children.set(parentPath, [...(children.get(parentPath) ?? []), path]);
  }
  const all = withThoseAbove(disks, users);
  for (const [path, disk] of disks) {
    const chainBytes = sumOfChain(disk, disks);
    const vmIds = vmIdsOf(all.get(path));
    const orphan = disk.orphan === 'unused' && vmIds.length > 0 ? null : disk.orphan;
    disks.set(path, { ...disk, vmIds, orphan, children: children.get(path) ?? [], chainBytes });
  }
  return { disks, users: all, complete: found.complete };
}

/** The machines that have each disk, and those that have one made from it. */
function withThoseAbove(disks: ReadonlyMap<string, FoundDisk>, users: DiskUsers): DiskUsers {
  const all = new Map<string, DiskUse[]>();
  for (const [path, uses] of users) all.set(path, [...uses]);
  for (const [path, uses] of users) {
    let parentPath = disks.get(path)?.parentPath ?? null;
    for (let depth = 0; parentPath !== null && depth < maxChain; depth += 1) {
      const known = all.get(parentPath) ?? [];
      all.set(parentPath, known);
      for (const { vmId, isLive } of uses)
        if (!known.some((use) => use.vmId === vmId && use.as === 'parent'))
          known.push({ vmId, as: 'parent', isLive });
      parentPath = disks.get(parentPath)?.parentPath ?? null;
    }
  }
  return all;
}

/**
 * The files that a disk is made from, the nearest first, wherever they lie: nothing of them is handed out. As far as they can
 * be read; their formats are what each child says.
 */
export async function parentsOf(path: string, format: string): Promise<string[]> {
  // Not worth a look: it has no place for a parent.
  if (format === 'raw') return [];
  const store = hostStore(['/']);
  const parents: string[] = [];
  let next: { readonly path: string; readonly format: string | undefined } | undefined = {
    path,
    format,
  };
  while (next !== undefined && parents.length < maxChain) {
    next = await parentOf(next.path, next.format, store).catch(() => undefined);
    if (next !== undefined && parents.includes(next.path)) break;
    if (next !== undefined) parents.push(next.path);
  }
  return parents;
}

async function parentOf(
  path: string,
  format: string | undefined,
  store: FileStore,
): Promise<{ readonly path: string; readonly format: string | undefined } | undefined> {
  await using disk = await openDisk({ path, store, format, parent: 'none' });
  const parentPath = await locateParent(disk, store);
  if (parentPath === null) return undefined;
  return { path: parentPath, format: disk.layer.parentReference?.format };
}

function sumOfChain(disk: FoundDisk, disks: ReadonlyMap<string, FoundDisk>): number {
  let sum = 0;
  let one: FoundDisk | undefined = disk;
  for (let depth = 0; one !== undefined && depth < maxChain; depth += 1) {
    sum += one.fileBytes;
    one = one.parentPath === null ? undefined : disks.get(one.parentPath);
  }
  return sum;
}

async function existingOf(folders: readonly string[]): Promise<string[]> {
  const existing: string[] = [];
  for (const folder of new Set(folders)) if (await exists(folder)) existing.push(folder);
  return existing;
}

async function findDisks({
  folders,
  also = [],
  users,
  signal,
}: ForestOptions): Promise<{ readonly paths: readonly string[]; readonly complete: boolean }> {
  const found = await findFiles({
    folders: await Promise.all((await existingOf(folders)).map(realPath)),
    isWanted: (path) => isNamedAsDisk(path) || users.has(path),
    maxFiles: maxDisks,
    signal,
  });
  const paths = new Set<string>();
  // What is asked about and what machines have is among them however many others there are.
  for (const path of [...also, ...users.keys(), ...found.paths])
    if (paths.size < maxDisks && (found.paths.has(path) || (await exists(path)))) paths.add(path);
  return { paths: [...paths].sort(), complete: found.complete && paths.size < maxDisks };
}

async function describe(path: string, store: FileStore, users: DiskUsers): Promise<FoundDisk> {
  const stats = await lstat(path).catch(() => undefined);
  const fileBytes = (stats?.blocks ?? 0) * 512;
  const uses = users.get(path);
  const vmIds = vmIdsOf(uses);
  // The content of a disk that a machine has never says which format it is: a guest can have written it.
  const known = uses?.find((use) => use.format !== undefined)?.format;
  const unused = vmIds.length === 0 ? ('unused' as const) : null;
  const base = { path, fileBytes, vmIds, children: [], chainBytes: fileBytes };
  try {
    await using disk = await openDisk({ path, store, format: known, parent: 'none' });
    const { layer, format, sizeBytes } = disk;
    const { variant, identity } = layer.describe();
    const parent = layer.parentReference?.names[0] ?? null;
    const parentPath = await locateParent(disk, store);
    return {
      ...base,
      format,
      variant,
      sizeBytes,
      identity: identity ?? null,
      parent: parent === null ? null : parent.slice(0, 1024),
      parentPath,
      orphan: parent !== null && parentPath === null ? 'parent-missing' : unused,
      problem: null,
    };
  } catch (error) {
    const problem = describeFault(error).slice(0, 300);
    const unknown = { format: null, variant: null, sizeBytes: null, identity: null };
    return { ...base, ...unknown, parent: null, parentPath: null, orphan: unused, problem };
  }
}

/** The first of the names in the file that leads to one. */
export async function locateParent(
  { name, layer }: Disk,
  store: FileStore,
): Promise<string | null> {
  for (const one of layer.parentReference?.names ?? []) {
    const path = await store.locate(name, one).catch(() => null);
    if (path !== null) return path;
  }
  return null;
}
