/**
 * The parents of a qcow2 disk that somebody made over other files, as the headers name them: followed once, when a machine
 * gets the disk. What a guest's process can have written since is not followed again.
 *
 * Invariants: (1) all of them lie in folders that vms may use, with all links followed, and none in the folder of another vm
 * or is written by one; (2) no format is guessed; (3) the chain has no cycle and a bounded depth; (4) nothing is changed.
 */
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { hostStore, openDisk } from '#disk';
import { Fault } from '#lib';
import { diskPaths, resolveFile } from '../drivers/qemu/places.ts';
import { filesBelowOwn } from '../machine/layers/layers.ts';
import { borrowedOf } from '../machine/layers/served-chain.ts';
import type { MachineFile } from '../machine/record.ts';
import { isInside, liesBelow, realPath } from './allowed.ts';
import { readBackingText } from './backing.ts';
import { fileIdentity } from './file-identity.ts';

const maxDepth = 128;

export interface ParentPlace {
  /** The vm's own, absolute. */
  readonly folder: string;
  /** In which files of this vm may lie, its own among them. */
  readonly folders: readonly string[];
  /** The other machines of the host. */
  readonly others: readonly MachineFile[];
}

export interface FoundParent {
  /** As definitions name files: without a path in the vm's own folder, else absolute with all links followed. */
  readonly file: string;
  readonly format: 'qcow2' | 'raw';
}

/**
 * The nearest first; none for a disk that stands alone, null for one that is not there. Errors: `forbidden` for one outside of the folders,
 * `not-found`, `corrupt`, `refused` for one that another vm writes; `unsupported` for one that is no file, in a format that QEMU
 * is not trusted with, or in one that nobody has named.
 */
export async function readParents(path: string, place: ParentPlace): Promise<FoundParent[] | null> {
  const parents: FoundParent[] = [];
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return null;
  if (!stats.isFile()) return parents;
  const seen = new Set([await fileIdentity(path)]);
  const own = await realPath(place.folder);
  for (let child = path; ;) {
    const parent = await parentOf(child);
    if (parent === undefined) return parents;
    const identity = await fileIdentity(parent.path);
    if (seen.has(identity))
      throw new Fault('corrupt', `${path}: its chain of parents comes back to ${parent.path}`);
    seen.add(identity);
    const real = await requireUsable(child, parent.path, place);
    if (parents.length === maxDepth)
      throw new Fault('too-large', `${path}: it has more than ${maxDepth} parents`, {
        hint: `make one disk of them: gantry disk flatten ${path}`,
      });
    const file = liesBelow(real, own) ? relative(own, real) : real;
    parents.push({ file, format: parent.format });
    if (parent.format === 'raw') return parents;
    child = parent.path;
  }
}

interface NamedParent {
  /** As QEMU reads it: absolute, or from the folder of the file that names it. */
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
}

async function parentOf(child: string): Promise<NamedParent | undefined> {
  const name = await readBackingText(child);
  if (name === undefined) return undefined;
  // QEMU takes whatever has a colon before the first slash for an address.
  if (typeof name !== 'string' || name === '' || /^[^/]*:/.test(name) || name.includes('\0'))
    throw new Fault('unsupported', `the parent that ${child} names is no file of this host`, {
      facts: { file: child, ...(typeof name === 'string' ? { name: name.slice(0, 200) } : {}) },
      hint: `make one disk of both where that can be read: gantry disk flatten; or name a file: gantry disk rebase`,
    });
  await using disk = await openDisk({
    path: child,
    format: 'qcow2',
    store: hostStore(),
    parent: 'none',
  });
  const path = isAbsolute(name) ? name : join(dirname(child), name);
  const format = disk.layer.parentReference?.format;
  if (format === 'qcow2' || format === 'raw') return { path, format };
  const facts = { file: child, parent: path };
  if (format === undefined)
    throw new Fault('unsupported', `${child} does not say the format of its parent ${path}`, {
      facts,
      hint: `nobody guesses it; write it down: gantry disk reconnect ${child} ${path} --parent-format FORMAT`,
    });
  throw new Fault('unsupported', `${path}, the parent of ${child}, is in ${format}`, {
    facts,
    hint: `below a qcow2 only qcow2 and raw are opened; make one disk of both: gantry disk flatten ${child}`,
  });
}

/** With all links followed. */
async function requireUsable(
  child: string,
  path: string,
  { folder, folders, others }: ParentPlace,
): Promise<string> {
  const what = `${path}, the parent of ${child},`;
  const facts = { file: child, parent: path };
  const flatten = `make one disk of both: gantry disk flatten ${child}`;
  // Of what lies outside it is not even told whether it is there.
  if (!(await isInside(path, folders)))
    throw new Fault('forbidden', `${what} is outside of the folders that vms may use`, {
      facts: { ...facts, path },
      hint: `add its folder to the search path of the host, or ${flatten}`,
    });
  const real = await realPath(path);
  for (const other of others) {
    if (other.folder === folder || !liesBelow(real, await realPath(other.folder))) continue;
    const { name } = other.definition;
    throw new Fault(
      'forbidden',
      `${what} lies in the folder of ${name}, which is that one's alone`,
      {
        facts,
        hint: `bring it into a folder that several vms may use, or ${flatten}`,
      },
    );
  }
  const stats = await stat(real).catch(() => undefined);
  if (stats === undefined)
    throw new Fault('not-found', `${what} is not there`, {
      facts,
      hint: `bring it back, or name another place of it: gantry disk reconnect ${child} PARENT`,
    });
  if (!stats.isFile())
    throw new Fault('unsupported', `${what} is no regular file`, { facts, hint: flatten });
  const writer = await findWriter([real], others);
  if (writer !== undefined)
    throw new Fault('refused', `${what} is a disk of ${writer.name}, which writes it`, {
      facts,
      hint: `${flatten}; or attach the parent to ${writer.name} as read-only`,
    });
  return real;
}

/** What another vm may write to, now or later, is no parent: its disks, and layers that may be merged. */
export async function findWriter(
  parents: readonly string[],
  others: readonly MachineFile[],
): Promise<{ readonly parent: string; readonly name: string } | undefined> {
  // Most disks have none: then nothing is asked of the files of other vms.
  if (parents.length === 0) return undefined;
  const ours = new Map<string, string>();
  for (const parent of parents) ours.set(await fileIdentity(parent), parent);
  for (const other of others) {
    const { name, hardware } = other.startedWith ?? other.definition;
    const below = filesBelowOwn(other.layers);
    const layers = other.layers.files.filter((one) => !one.borrowed && !below.has(one.file));
    const readOnly = new Set(hardware.disks.filter((one) => one.readOnly).map(({ file }) => file));
    const files = [
      ...hardware.disks.filter((disk) => !disk.readOnly).map((disk) => diskPaths(other, disk)[0]),
      ...(other.layers.served ?? [])
        .filter(({ disk }) => !readOnly.has(disk))
        .flatMap(({ parts }) => parts.map((part) => resolveFile(other.folder, part))),
      ...layers
        .filter(({ file, shared }) => !shared && !readOnly.has(file))
        .map(({ file }) => resolveFile(other.folder, file)),
    ];
    for (const file of files) {
      const parent = ours.get(await fileIdentity(file));
      if (parent !== undefined) return { parent, name };
    }
  }
  return undefined;
}

/** The vms that have a disk made from one of these files, as their records say. */
export async function findBorrowers(
  paths: readonly string[],
  machines: readonly MachineFile[],
): Promise<string[]> {
  if (paths.length === 0) return [];
  const names: string[] = [];
  let ours: ReadonlySet<string> | undefined;
  for (const { layers, folder, definition } of machines) {
    const borrowed = [
      ...layers.files.filter((layer) => layer.borrowed),
      ...(layers.served ?? []).flatMap(borrowedOf),
    ];
    if (borrowed.length === 0) continue;
    ours ??= new Set(await Promise.all(paths.map(fileIdentity)));
    for (const { file } of borrowed) {
      if (!ours.has(await fileIdentity(resolveFile(folder, file)))) continue;
      names.push(definition.name);
      break;
    }
  }
  return names;
}
