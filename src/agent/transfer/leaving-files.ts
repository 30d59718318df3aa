/**
 * The files with which a vm leaves its host: all that is in its folder but its configuration, which is made anew, and disks
 * that lie elsewhere. What would not be whole without files of this host is found before anything is done.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { maxMovedFiles, placeName, type Disk, type GatheredDisk, type MovedFile } from '#api';
import { Fault, isFault, type Reason } from '#lib';
import type { LeavingFile } from '../drivers/files.ts';
import { diskPaths, resolveFile } from '../drivers/qemu/places.ts';
import { requireSavedFits } from '../drivers/qemu/saved-facts.ts';
import { filesOfChain, servedChainOf } from '../machine/layers/served-chain.ts';
import type { MachineFile } from '../machine/record.ts';
import { liesBelow, realPath } from '../storage/allowed.ts';
import { readBackingName } from '../storage/backing.ts';
import { usedByOthers } from '../storage/list-files.ts';

const maxDepth = 8;

/** In the same order whenever nothing has changed. Errors: `refused` for a link; `too-large`. */
export async function listLeaving(
  machine: MachineFile,
  gathered: readonly GatheredDisk[],
): Promise<LeavingFile[]> {
  const found: LeavingFile[] = [];
  await walk(machine.folder, '', basename(machine.file), found);
  for (const { from, to } of gathered) {
    if (found.some(({ path }) => path === to))
      throw new Fault('exists', `there is a file ${to} in ${machine.folder} already`, {
        hint: `rename it: it would be in the way of ${from}`,
      });
    await note(from, to, found);
  }
  return found;
}

async function walk(
  folder: string,
  below: string,
  without: string,
  found: LeavingFile[],
): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    if (path === without) continue;
    await note(join(folder, name), path, found);
    if (found.at(-1)?.path !== path || found.at(-1)?.kind !== 'folder') continue;
    if (path.split('/').length >= maxDepth)
      throw new Fault('too-large', `${join(folder, name)} is too deep in the folder of the vm`);
    await walk(join(folder, name), path, without, found);
  }
}

/** Sockets and the like belong to a process that has ended. */
async function note(source: string, path: string, found: LeavingFile[]): Promise<void> {
  const stats = await lstat(source, { bigint: true });
  const mode = Number(stats.mode) & 0o777;
  if (stats.isSymbolicLink())
    throw new Fault('refused', `${source} is a link to another place of this host`, {
      hint: 'put the file itself into its place, or remove it',
    });
  if (stats.isDirectory()) found.push({ kind: 'folder', path, mode, source });
  else if (stats.isFile())
    found.push({
      kind: 'file',
      path,
      mode,
      sizeBytes: Number(stats.size),
      storedBytes: Math.min(Number(stats.size), Number(stats.blocks) * 512),
      modified: String(stats.mtimeNs),
      source,
    });
  if (found.length > maxMovedFiles)
    throw new Fault('too-large', `the vm has more than ${maxMovedFiles} files`);
}

/** As the other host is told of it. */
export function asMoved(file: LeavingFile): MovedFile {
  if (file.kind === 'folder') return { kind: 'folder', path: file.path, mode: file.mode };
  const { kind, path, mode, sizeBytes, storedBytes, modified } = file;
  return { kind, path, mode, sizeBytes, storedBytes, modified };
}

/** By which both ends know that they speak of the same files. */
export function markOf(files: readonly MovedFile[]): string {
  const told = files.map((file) =>
    file.kind === 'folder'
      ? [file.path, file.mode]
      : [file.path, file.mode, file.sizeBytes, file.modified],
  );
  return createHash('sha256').update(JSON.stringify(told)).digest('hex');
}

export function storedBytesOf(files: readonly MovedFile[]): number {
  return files.reduce((sum, file) => sum + (file.kind === 'file' ? file.storedBytes : 0), 0);
}

/** All that keeps the vm here, and what can be done about it. */
export async function judgeLeaving(
  machine: MachineFile,
  gathered: readonly GatheredDisk[],
  others: readonly MachineFile[],
): Promise<Reason[]> {
  const { name } = machine.definition;
  const reasons: Reason[] = [];
  const other = others.find(({ folder }) => folder === machine.folder);
  if (other !== undefined)
    reasons.push({
      code: 'folder-shared',
      text: `${other.definition.name} has its files in the same folder, ${machine.folder}`,
      remedy: `move the files of one of them first: gantry vm move ${name} --path DIR`,
    });
  const files = await listLeaving(machine, gathered).catch((error: unknown) => {
    if (!isFault(error)) throw error;
    const { code, message, hint } = error;
    reasons.push({ code: `files-${code}`, text: message, remedy: hint });
    return [];
  });
  reasons.push(...(await judgeUsers(machine, files, others)));
  for (const file of files) reasons.push(...(await judgeParent(machine, file)));
  for (const disk of machine.definition.hardware.disks)
    reasons.push(...judgePlace(machine, gathered, disk), ...judgeChain(machine, disk));
  if (machine.savedFile !== null)
    await requireSavedFits(machine).catch((error: unknown) => {
      if (!isFault(error)) throw error;
      reasons.push({ code: 'saved-state', text: error.message, remedy: error.hint });
    });
  return reasons;
}

async function judgeUsers(
  { definition }: MachineFile,
  files: readonly LeavingFile[],
  others: readonly MachineFile[],
): Promise<Reason[]> {
  const reasons: Reason[] = [];
  const used = await usedByOthers(others);
  const real = new Set(await Promise.all(files.map(({ source }) => realPath(source))));
  for (const [path, user] of used)
    if (real.has(path))
      reasons.push({
        code: 'file-used',
        text: `${user} uses ${path}, a file of ${definition.name}`,
        remedy: `detach it from ${user}, or make it independent: gantry vm flatten ${user}`,
      });
  return reasons;
}

/** A parent goes along where it is named by its place in the folder, which is the same there. */
async function judgeParent(
  { folder, definition }: MachineFile,
  { kind, source, path }: LeavingFile,
): Promise<Reason[]> {
  if (kind === 'folder') return [];
  const name = await readBackingName(source);
  if (name === undefined) return [];
  const parent = resolve(dirname(source), name);
  const isIn = liesBelow(parent, folder) && dirname(source) === dirname(join(folder, path));
  if (isIn && !isAbsolute(name)) return [];
  return [
    {
      code: 'parent-elsewhere',
      text: `${source} holds only what differs from ${name}, which stays on this host`,
      remedy: isIn
        ? 'name the parent by its place in the folder: gantry disk rebase'
        : `take in what it holds: gantry vm flatten ${definition.name}`,
    },
  ];
}

/** What a disk that is served is made of goes along where it is in the folder. */
function judgeChain({ folder, layers }: MachineFile, disk: Disk): Reason[] {
  const [, ...files] = filesOfChain(
    servedChainOf(layers, disk) ?? { disk: disk.file, parts: [], parents: [] },
  );
  const left = files
    .map((file) => resolveFile(folder, file))
    .find((one) => !liesBelow(one, folder));
  if (left === undefined) return [];
  return [
    {
      code: 'parent-elsewhere',
      text: `${resolveFile(folder, disk.file)} needs ${left}, which stays on this host`,
      remedy: 'attach a copy of it in its place: gantry vm attach-disk --import',
    },
  ];
}

function judgePlace(
  machine: MachineFile,
  gathered: readonly GatheredDisk[],
  disk: MachineFile['definition']['hardware']['disks'][number],
): Reason[] {
  const { folder, layers, definition } = machine;
  const place = placeName(disk);
  const path = resolveFile(folder, disk.file);
  if (liesBelow(path, folder)) return [];
  const home = `bring it into the vm's folder: gantry vm move-disk ${definition.name} ${place}`;
  const isGathered = gathered.some(({ from }) => from === path);
  const isLayered = diskPaths(machine, disk).length > 1 || layers.snapshots.length > 0;
  if (isGathered && !isLayered) return [];
  return [
    {
      code: 'disk-elsewhere',
      text: isLayered
        ? `the disk ${place} lies outside of the vm's folder, and snapshots or undo disks know it by its place`
        : `the disk ${place} lies outside of the vm's folder, at ${path}`,
      remedy: home,
    },
  ];
}
