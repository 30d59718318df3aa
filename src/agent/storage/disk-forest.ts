/**
 * All disks in some folders as the trees that they are: each with the file that its parent is, and its children. Links are not
 * followed; a file that no format knows and whose name is none of a disk's is no disk.
 */
import { lstat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { LinkResult } from '#api';
import { formats, hostStore, openDisk, type Disk, type FileStore } from '#disk';
import { describeFault } from '#lib';
import { realPath } from './allowed.ts';
import { vmIdsOf, type DiskUsers } from './disk-users.ts';
import { exists } from './exists.ts';
import { findFiles } from './find-files.ts';

const maxDisks = 5000;
const maxChain = 256;
const maxUsers = 1000;

export type FoundDisk = LinkResult<'host.disks'>['disks'][number];

export interface DiskForest {
  readonly disks: ReadonlyMap<string, FoundDisk>;
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
  for (const path of found.paths) {
    signal.throwIfAborted();
    disks.set(path, await describe(path, store, users));
  }
  const children = new Map<string, string[]>();
  for (const { path, parentPath } of disks.values()) {
    if (parentPath === null) continue;
    children.set(parentPath, [...(children.get(parentPath) ?? []), path]);
  }
  const above = usersAbove(disks);
  for (const [path, disk] of disks) {
    const chainBytes = sumOfChain(disk, disks);
    const vmIds = [...(above.get(path) ?? [])].slice(0, maxUsers);
    const orphan = disk.orphan === 'unused' && vmIds.length > 0 ? null : disk.orphan;
    disks.set(path, { ...disk, vmIds, orphan, children: children.get(path) ?? [], chainBytes });
  }
  return { disks, complete: found.complete };
}

/** By path the vms that have the disk, or one that lies on it. */
function usersAbove(disks: ReadonlyMap<string, FoundDisk>): ReadonlyMap<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  for (const disk of disks.values()) {
    let one: FoundDisk | undefined = disk;
    for (let depth = 0; one !== undefined && depth < maxChain; depth += 1) {
      const known = users.get(one.path) ?? new Set<string>();
      users.set(one.path, known);
      for (const id of disk.vmIds) known.add(id);
      one = one.parentPath === null ? undefined : disks.get(one.parentPath);
    }
  }
  return users;
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
  const paths = new Set(found.paths);
  for (const path of [...also, ...users.keys()])
    if (paths.size < maxDisks && (await exists(path))) paths.add(path);
  return { paths: [...paths].sort(), complete: found.complete && paths.size < maxDisks };
}

async function describe(path: string, store: FileStore, users: DiskUsers): Promise<FoundDisk> {
  const stats = await lstat(path).catch(() => undefined);
  const fileBytes = (stats?.blocks ?? 0) * 512;
  const vmIds = vmIdsOf(users.get(path));
  const unused = vmIds.length === 0 ? ('unused' as const) : null;
  const base = { path, fileBytes, vmIds, children: [], chainBytes: fileBytes };
  try {
    await using disk = await openDisk({ path, store, parent: 'none' });
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
