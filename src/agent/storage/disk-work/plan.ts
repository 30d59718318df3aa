/**
 * Whether work on a disk file can begin, and with which files. Nothing outside the folders for vms is touched, nothing that a vm
 * has is changed, nothing is changed that other disks are made from, and nothing that has a name is overwritten.
 */
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskWorkSchema, type DiskVerb, type DiskWork } from '#api';
import { demandUnused, openDisk, type FileStore, type OpenOptions } from '#disk';
import { Fault } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { liesBelow, realPath, requireInside } from '../allowed.ts';
import {
  isNamedAsDisk,
  locateParent,
  readDiskForest,
  storeOf,
  type DiskForest,
} from '../disk-forest.ts';
import type { DiskFolders } from '../disk-catalogue.ts';
import { findDiskUsers, vmIdsOf, type DiskUse, type DiskUsers } from '../disk-users.ts';
import { readMark, requireMark } from '../archives/unpacked.ts';
import { exists } from '../exists.ts';
import { parentOfFile } from '../recorded-chain.ts';
import { keepApart } from '../store-apart.ts';
import type { WorkOf } from './doing.ts';
import { requireSpace, type SpaceLimit } from './space-guard.ts';
import { verbTable, type Touched } from './verbs.ts';

export interface Plan {
  /** With all links in its paths followed. */
  readonly work: DiskWork;
  readonly reads: readonly string[];
  readonly changes: readonly string[];
  readonly makes: readonly string[];
  readonly store: FileStore;
  readonly formatOf: (path: string) => string | undefined;
  /** What lies below one that is read. */
  readonly parentOf: (path: string) => OpenOptions['parent'];
}

export interface PlanOptions {
  readonly folders: DiskFolders;
  readonly machines: readonly MachineFile[];
  readonly space: SpaceLimit;
  readonly signal: AbortSignal;
  /** What is to be made may be there, and what is to go may be gone. */
  readonly again: boolean;
}

/** A disk file that is looked into, or into which something is put. */
export interface FileAsked {
  /** `read from`, as a refusal says it. */
  readonly doing: string;
  readonly file: string;
  readonly access: 'read' | 'write';
  /** `any`: it need be no disk; what a machine keeps beside its disks stays out of reach. */
  readonly content?: 'any';
}

/** As `planWork`, for what is done inside one disk; for reading images of this host may be used too. */
export async function planFile(
  { doing, file, access, content }: FileAsked,
  options: PlanOptions,
): Promise<Omit<Plan, 'work'>> {
  const { folders, machines, space } = options;
  const path = await realPath(file);
  const store = keepApart(await storeOf(folders.parents()), machines);
  const users = await findDiskUsers(machines);
  const formatOf = formatsFrom(users);
  const isRead = access === 'read';
  await requireInside(path, isRead ? folders.parents() : folders.listed());
  const isOfMachine = machines.some(({ folder }) => liesBelow(path, folder));
  if (content === 'any' && !isOfMachine) await requireRegular(path);
  else await requireDisk(path, store, formatOf(path));
  const reads = isRead ? [path] : [];
  const changes = isRead ? [] : [path];
  const forest = await forestAround(changes, store, users, options);
  requireFree(doing, users, forest, { reads, changes, under: [] });
  for (const changed of changes) {
    await demandUnused(changed, doing);
    await requireSpace(changed, space);
  }
  requireChildless(doing, changes, forest);
  const parentOf = await parentsOf(reads, options);
  return { reads, changes, makes: [], store, formatOf, parentOf };
}

export async function planWork(asked: DiskWork, options: PlanOptions): Promise<Plan> {
  const { folders, machines, space, again } = options;
  const work = await withRealPaths(asked);
  const { verb } = work;
  const touched = touchedBy(work);
  const { reads = [], makes = [], under = [] } = touched;
  const store = keepApart(await storeOf(folders.parents()), machines);
  const users = await findDiskUsers(machines);
  const formatOf = formatsFrom(users);
  for (const path of [...reads, ...(touched.changes ?? []), ...makes, ...under])
    await requireInside(path, folders.listed());
  for (const path of [...reads, ...under]) await requireDisk(path, store, formatOf(path));
  const archive = await archiveOf(touched, options);
  const inner = await unpackedOf(touched, options);
  const isGone = again && !(await exists(touched.changes?.[0] ?? '/'));
  const changes = isGone ? [] : await changedBy(touched, store, formatOf);
  for (const path of changes) {
    await requireInside(path, folders.listed());
    await requireDisk(path, store, formatOf(path));
  }
  const forest = await forestAround(
    [...changes, ...inner.filter(isNamedAsDisk)],
    store,
    users,
    options,
  );
  // Who has it says more than that somebody has.
  requireFree(verb, users, forest, { reads, changes: [...changes, ...inner], under });
  for (const path of changes) await demandUnused(path, verb);
  for (const path of makes) await requirePlace(path, again);
  for (const path of new Set([...makes, ...changes].map(dirname)))
    if (verb !== 'delete') await requireSpace(path, space);
  if (touched.sparesChildren === undefined) requireChildless(verb, [...changes, ...inner], forest);
  const { unpacked } = touched;
  const parentOf = await parentsOf([...reads, ...under], options);
  return {
    work,
    // Nobody changes meanwhile what is deleted.
    reads: [...reads, ...under, ...archive.reads, ...inner],
    changes: [...changes, ...archive.changes, ...(unpacked === undefined ? [] : [unpacked])],
    makes,
    store,
    formatOf,
    parentOf,
  };
}

/** As it is held. Errors: `forbidden`, `not-found`, `invalid`. */
async function archiveOf(
  { archive }: Touched,
  { folders, machines, again }: PlanOptions,
): Promise<{ readonly reads: readonly string[]; readonly changes: readonly string[] }> {
  if (archive === undefined) return { reads: [], changes: [] };
  const { path, afterwards } = archive;
  await requireInside(path, folders.listed());
  if (machines.some(({ folder }) => liesBelow(path, folder)))
    throw new Fault('forbidden', `${path} lies in the folder of a vm`);
  // It may have been unpacked, and deleted, before.
  if (!again || (await exists(path))) await requireRegular(path);
  return afterwards === 'delete' ? { reads: [], changes: [path] } : { reads: [path], changes: [] };
}

/** Paths of all that came out of its archive. Errors: `forbidden`, `invalid`. */
async function unpackedOf(
  { unpacked }: Touched,
  { folders, again }: PlanOptions,
): Promise<readonly string[]> {
  if (unpacked === undefined) return [];
  await requireInside(unpacked, folders.listed());
  const mark = again ? await readMark(unpacked) : await requireMark(unpacked);
  return (mark?.files ?? []).map((file) => join(unpacked, file));
}

function formatsFrom(users: DiskUsers): Plan['formatOf'] {
  return (path) => users.get(path)?.find(({ format }) => format !== undefined)?.format;
}

/** Of those that a vm has as its record says it; all else says itself what lies below it. */
async function parentsOf(
  reads: readonly string[],
  { machines, folders }: PlanOptions,
): Promise<Plan['parentOf']> {
  const allowed = (own: string): readonly string[] => [own, ...folders.parents()];
  const known = new Map<string, OpenOptions['parent']>();
  for (const path of reads) known.set(path, await parentOfFile(path, machines, allowed));
  return (path) => known.get(path);
}

function touchedBy<V extends DiskVerb>(work: WorkOf<V>): Touched {
  const verb: V = work.verb;
  return verbTable[verb].touches(work);
}

async function withRealPaths(work: DiskWork): Promise<DiskWork> {
  const real: Record<string, unknown> = { ...work };
  for (const key of ['file', 'target', 'other', 'parent'])
    if (typeof real[key] === 'string') real[key] = await realPath(real[key]);
  return diskWorkSchema.parse(real);
}

async function changedBy(
  { changes = [], changesParent }: Touched,
  store: FileStore,
  formatOf: Plan['formatOf'],
): Promise<readonly string[]> {
  const [first] = changes;
  if (changesParent === undefined || first === undefined) return changes;
  await requireDisk(first, store, formatOf(first));
  await using disk = await openDisk({
    path: first,
    store,
    format: formatOf(first),
    parent: 'none',
  });
  const parent = await locateParent(disk, store);
  if (parent !== null) return [first, parent];
  throw new Fault('not-found', `${first} has no parent that can be found`, {
    hint: 'reconnect it with its parent first',
  });
}

/** A regular file that is a disk by its name or content; a list of pieces is taken for one. */
async function requireDisk(
  path: string,
  store: FileStore,
  format: string | undefined,
): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) throw new Fault('not-found', `there is no disk ${path}`);
  if (stats.isFile()) {
    if (isNamedAsDisk(path) || path.endsWith('.pieces.json') || format !== undefined) return;
    await using disk = await openDisk({ path, store, parent: 'none' });
    // Everything can be read as raw.
    if (disk.format !== 'raw') return;
  }
  throw new Fault('invalid', `${path} is no disk`, {
    hint: 'see which there are with: gantry host disks',
  });
}

async function requireRegular(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) throw new Fault('not-found', `there is no file ${path}`);
  if (!stats.isFile()) throw new Fault('invalid', `${path} is no regular file`);
}

/** Errors: `refused` with the ids of the vms; they are named where it is known who may see them. */
function requireFree(
  verb: string,
  users: DiskUsers,
  forest: Pick<DiskForest, 'users'>,
  { reads, changes, under }: Readonly<Record<'reads' | 'changes' | 'under', readonly string[]>>,
): void {
  const refuse = (
    path: string,
    against: (use: DiskUse) => boolean,
    why: string,
    among = users,
  ): void => {
    const vmIds = vmIdsOf(among.get(path)?.filter(against));
    if (vmIds.length === 0) return;
    throw new Fault('refused', `cannot ${verb} ${path}: ${why}`, { facts: { file: path, vmIds } });
  };
  for (const path of reads)
    refuse(path, ({ as, isLive }) => as === 'disk' && isLive, 'a vm that runs writes to it');
  for (const path of changes) refuse(path, () => true, 'a vm uses it', forest.users);
  for (const path of under)
    refuse(path, ({ as }) => as === 'disk' || as === 'layer', 'a vm has it as a disk of its own');
}

async function requirePlace(path: string, again: boolean): Promise<void> {
  if (!again && (await exists(path))) {
    throw new Fault('exists', `${path} is there already`, { hint: 'choose another name' });
  }
  if (await exists(dirname(path))) return;
  throw new Fault('not-found', `there is no folder ${dirname(path)}`, {
    hint: 'choose the folder of a disk that is there',
  });
}

/** All disks that may be made from those that are changed; none are read where nothing is. */
async function forestAround(
  changes: readonly string[],
  store: FileStore,
  users: DiskUsers,
  { folders, signal }: PlanOptions,
): Promise<DiskForest> {
  if (changes.length === 0) return { disks: new Map(), users, complete: true };
  const around = [...folders.listed(), ...changes.map((path) => dirname(path))];
  return await readDiskForest({ folders: around, also: changes, store, users, signal });
}

/** Of a commit the child that is written into its parent does not count: it goes with it. */
function requireChildless(verb: string, changes: readonly string[], forest: DiskForest): void {
  for (const path of changes) {
    const found = forest.disks.get(path)?.children ?? [];
    const children = found.filter((child) => !changes.includes(child));
    if (children.length === 0) continue;
    throw new Fault('refused', `cannot ${verb} ${path}: other disks are made from it`, {
      facts: { file: path, children: children.slice(0, 100) },
      reasons: children.slice(0, 100).map((child) => ({
        code: 'disk-has-child',
        text: `${child} reads from it`,
        remedy: 'merge, rebase or delete it first',
      })),
    });
  }
}
