/**
 * Files of machines on their way to another place of this host: copied into the folder of a new machine, or put
 * into another folder by a link where the volume is the same, else by a copy.
 *
 * Invariants: (1) the old files stay until somebody removes them, so that a move that is cut off has changed
 * nothing; (2) nothing outside of the allowed folders is read or written; (3) what another machine uses is not moved.
 */
import { constants } from 'node:fs';
import {
  copyFile as copyPlain,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rm,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { isNative, type Disk, type DiskCopy, type VmDefinition } from '#api';
import { convertDisk } from '#disk';
import { makeSeedIso } from '#images';
import { Fault } from '#lib';
import type { AmongMachines, Copies, FileMove, Travel, TravelWork } from '../drivers/files.ts';
import { carrySavedFacts, requireSavedFits } from '../drivers/qemu/saved-facts.ts';
import { diskPaths, ownPlaces, resolveFile } from '../drivers/qemu/places.ts';
import { topOf } from '../machine/layers/layers.ts';
import type { MachineFile } from '../machine/record.ts';
import { judgeLeaving, listLeaving } from '../transfer/leaving-files.ts';
import { liesBelow, realPath, requireInside } from './allowed.ts';
import { flushFolder } from './atomic-file.ts';
import { readBackingName } from './backing.ts';
import { storeOf } from './child-disk.ts';
import { copyFile, type CopyWork } from './copy-file.ts';
import { usedByOthers } from './list-files.ts';
import { openRecorded } from './recorded-chain.ts';
import { isWhole, namesOfParent, piecesBeside } from './served-layers.ts';

const maxFiles = 1000;

export interface TravelOptions {
  /** Folders in which files of vms may be; with the vm's own where one is given. */
  readonly folders: (own?: string) => readonly string[];
  readonly baseFolder: () => string;
  /** Errors: `unsupported` where files have no owners there. */
  readonly requirePermissions: (folder: string) => Promise<void>;
}

export function makeTravel(options: TravelOptions): Travel & Copies {
  const { folders } = options;
  return {
    requireParent: (parent) => requireParent(options, parent),
    usualParent: () => options.baseFolder(),
    claimFolder: (parent, definition) => claimFolder(options, parent, definition),
    async clone(source, copy, disks, work) {
      if (source.savedFile !== null) await requireSavedFits(source);
      const allowed = folders(source.folder);
      const pairs: DiskMove[] = [];
      for (const wanted of disks) {
        const disk = diskOf(source, wanted);
        // What the guest sees: all layers together become one file.
        const pair = {
          top: topOf(source.layers, disk),
          from: diskPaths(source, disk)[0],
          to: resolveFile(copy.folder, wanted.to),
          newFormat: disk.format,
        };
        await requireInside(pair.from, allowed);
        await requireInside(pair.to, folders(copy.folder));
        pairs.push(pair);
      }
      const state = stateFiles(source, copy);
      const meter = await makeMeter([...pairs, ...state], work);
      const { machines } = work;
      for (const pair of pairs) await copyDisk(source, pair, { allowed, machines }, meter);
      for (const pair of state) await copyEntry(pair, meter);
      if (source.savedFile !== null) await carrySavedFacts(source, copy);
      await flushFolder(copy.folder);
    },
    putSeed: (copy, seed) => makeSeedIso({ ...seed, path: ownPlaces(copy).firstBoot }),
    leaving: listLeaving,
    judgeLeaving,
    planMove: (before, after, disks, others) => planMove(options, { before, after, disks, others }),
    async place(moves, work) {
      const meter = await makeMeter(moves, work);
      for (const move of moves) await placeEntry(move, meter);
      for (const folder of new Set(moves.map(({ to }) => dirname(to)))) await flushFolder(folder);
    },
    claimFile: async (path) => {
      await requireInside(path, folders());
      await options.requirePermissions(dirname(path));
      await claimFile(path);
    },
    reconcileSaved: (file) => carrySavedFacts(file, file),
    async remove(paths) {
      for (const path of paths) {
        if (path.endsWith('/')) await rmdir(path).catch(() => undefined);
        else await rm(path, { force: true, recursive: true });
      }
    },
  };
}

async function requireParent(
  { folders, requirePermissions }: TravelOptions,
  parent: string,
): Promise<void> {
  if (!folders().includes(parent)) await requireInside(parent, folders());
  await requirePermissions(parent);
}

async function claimFolder(
  options: TravelOptions,
  wanted: string | null,
  { name, id }: VmDefinition,
): Promise<{ folder: string; file: string }> {
  const parent = wanted ?? options.baseFolder();
  await requireParent(options, parent);
  await mkdir(parent, { recursive: true, mode: 0o711 });
  for (const folderName of [name, `${name.slice(0, 60)}-${id}`]) {
    const folder = join(parent, folderName);
    if (await isClaimed(folder)) return { folder, file: join(folder, `${name}.json`) };
  }
  throw new Fault('exists', `there is a folder for ${name} in ${parent} already`, {
    hint: 'choose another name or another place',
  });
}

/** A folder that is empty has been made by a claim that did not come to its end. */
async function isClaimed(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new Fault('refused', `cannot make the folder ${folder}`, { cause: error });
  }
  const entries = await readdir(folder).catch(() => ['not a folder']);
  return entries.length === 0;
}

interface DiskMove extends FileMove {
  /** What the guest writes, as the record names it. */
  readonly top: Pick<Disk, 'file' | 'format'>;
  readonly newFormat: string;
}

function diskOf({ definition }: MachineFile, { from }: DiskCopy): Disk {
  const disk = definition.hardware.disks.find(({ file }) => file === from);
  if (disk !== undefined) return disk;
  throw new Fault('invalid', `${definition.name} has no disk ${from}`);
}

/** Firmware variables and TPM belong to the machine as it was set up; the state only to one that is saved. */
function stateFiles(source: MachineFile, copy: MachineFile): FileMove[] {
  const [from, to] = [ownPlaces(source), ownPlaces(copy)];
  return [
    { from: from.firmware, to: to.firmware },
    { from: from.tpm, to: to.tpm },
    ...(source.savedFile === null
      ? []
      : [
          { from: source.savedFile, to: to.saved },
          { from: from.savedScreen, to: to.savedScreen },
        ]),
  ];
}

/** A disk with parents becomes one file; one that stands alone is copied as it is. */
async function copyDisk(
  machine: MachineFile,
  { from, to, top, newFormat }: DiskMove,
  { allowed, machines }: { readonly allowed: readonly string[] } & AmongMachines,
  meter: CopyWork,
): Promise<void> {
  const isServed = !isNative(top);
  if (isServed && (await isWhole({ path: from, format: top.format })))
    return copyFile(from, to, meter);
  const { size } = await stat(from);
  const disk = await openRecorded(machine, top, allowed, machines);
  const store = storeOf(allowed);
  let told = 0;
  try {
    if (!isServed && disk.parent === undefined) return await copyFile(from, to, meter);
    await convertDisk(disk, {
      target: { path: to, format: newFormat },
      store,
      signal: meter.signal,
      onProgress: ({ doneBytes, totalBytes }) => {
        const share = Math.floor((size * doneBytes) / Math.max(1, totalBytes));
        meter.onBytes(share - told);
        told = share;
      },
    });
  } finally {
    await disk.close();
  }
}

interface Move {
  readonly before: MachineFile;
  readonly after: MachineFile;
  readonly disks: readonly DiskCopy[];
  readonly others: readonly MachineFile[];
}

async function planMove(
  { folders }: TravelOptions,
  { before, after, disks, others }: Move,
): Promise<FileMove[]> {
  const moves: FileMove[] = [];
  if (after.folder !== before.folder) {
    for (const name of await entriesOf(before, others))
      moves.push({ from: join(before.folder, name), to: join(after.folder, name) });
  }
  for (const { from, to } of disks) {
    const move = { from: resolveFile(before.folder, from), to: resolveFile(after.folder, to) };
    await requireInside(move.from, folders(before.folder));
    await requireInside(move.to, folders(after.folder));
    if (!moves.some((known) => known.to === move.to)) moves.push(move);
    for (const piece of await piecesOf(before, from, move, folders(before.folder)))
      if (!moves.some((known) => known.to === piece.to)) moves.push(piece);
  }
  await requireUnused(before, moves, [...others, staying(before, moves)]);
  if (before.savedFile !== null) await requireSavedFits(before);
  for (const { from } of moves) await requireMovableParent(from, before, after);
  return moves;
}

/** What a disk in several files takes along to another folder, where its text names it as before. */
async function piecesOf(
  { definition }: MachineFile,
  own: string,
  { from, to }: FileMove,
  folders: readonly string[],
): Promise<FileMove[]> {
  const disk = definition.hardware.disks.find(({ file }) => file === own);
  if (disk === undefined || isNative(disk) || dirname(from) === dirname(to)) return [];
  const pieces = await piecesBeside({ path: from, format: disk.format }, folders);
  return [...pieces].map(([path, name]) => ({ from: path, to: join(dirname(to), name) }));
}

/** All that is in the folder; the configuration file comes by itself. */
async function entriesOf(file: MachineFile, others: readonly MachineFile[]): Promise<string[]> {
  const other = others.find(({ folder }) => folder === file.folder);
  if (other !== undefined) {
    const { name } = other.definition;
    throw new Fault('refused', `${name} has its files in the same folder, ${file.folder}`, {
      hint: 'move its disks one by one',
    });
  }
  const names = await readdir(file.folder);
  if (names.length > maxFiles)
    throw new Fault('too-large', `${file.folder} has more than ${maxFiles} files`);
  return names.filter((name) => name !== basename(file.file));
}

async function requireUnused(
  { definition }: MachineFile,
  moves: readonly FileMove[],
  others: readonly MachineFile[],
): Promise<void> {
  const used = await usedByOthers(others);
  for (const { from } of moves) {
    const real = await realPath(from);
    for (const [path, user] of used) {
      if (path !== real && !liesBelow(path, real)) continue;
      throw new Fault('refused', `cannot move files of ${definition.name}: ${user} uses ${path}`, {
        hint: `detach it from ${user} first`,
      });
    }
  }
}

/** The machine with those of its disks alone that are not moved: their parents stay too. */
function staying(file: MachineFile, moves: readonly FileMove[]): MachineFile {
  const { definition, folder } = file;
  const moved = new Set(moves.map(({ from }) => from));
  const disks = definition.hardware.disks.filter(
    (disk) => !moved.has(resolveFile(folder, disk.file)),
  );
  return { ...file, definition: { ...definition, hardware: { ...definition.hardware, disks } } };
}

/** A parent that is named by the place it leaves would not be found any more. */
async function requireMovableParent(
  from: string,
  before: MachineFile,
  after: MachineFile,
): Promise<void> {
  // A layer of the vm is told where its parent is (verbs/travel.ts).
  if (after.folder === before.folder && isLayer(before, from)) return;
  const names = await parentNames(from, before);
  const staysRight = (name: string): boolean => {
    const parent = isAbsolute(name) ? name : join(dirname(from), name);
    const moves = after.folder !== before.folder && liesBelow(parent, before.folder);
    return isAbsolute(name) !== moves;
  };
  if (names.length === 0 || names.some(staysRight)) return;
  throw new Fault('refused', `${from} would lose its parent ${names.join(', ')}`, {
    hint: 'rebase it to a name that stays right, with: gantry disk rebase',
  });
}

function isLayer({ layers, folder }: MachineFile, path: string): boolean {
  return layers.files.some(
    ({ file, parent }) => parent !== null && resolveFile(folder, file) === path,
  );
}

/** As the file says; formats of other products may say it in several ways, of which one is enough. */
async function parentNames(from: string, { definition, folder }: MachineFile): Promise<string[]> {
  const disk = definition.hardware.disks.find(({ file }) => resolveFile(folder, file) === from);
  if (disk !== undefined && !isNative(disk))
    return await namesOfParent({ path: from, format: disk.format });
  const name = await readBackingName(from);
  return name === undefined ? [] : [name];
}

async function placeEntry({ from, to }: FileMove, meter: CopyWork): Promise<void> {
  const stats = await lstat(from);
  if (stats.isFile() && (await isLinked(from, to))) return meter.onBytes(stats.size);
  await copyEntry({ from, to }, meter);
}

/** A second name on the same volume costs nothing, and the first one stays until the move has taken effect. */
async function isLinked(from: string, to: string): Promise<boolean> {
  await rm(to, { force: true });
  return link(from, to).then(
    () => true,
    () => false,
  );
}

/** What is not there needs no copy. Sockets and the like belong to a process that has ended. */
async function copyEntry({ from, to }: FileMove, meter: CopyWork): Promise<void> {
  const stats = await lstat(from).catch(() => undefined);
  if (stats === undefined) return;
  if (stats.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (stats.isFile() && stats.size > 0) await copyFile(from, to, meter);
  else if (stats.isFile()) await copyPlain(from, to, constants.COPYFILE_FICLONE);
  else if (stats.isDirectory()) {
    await mkdir(to, { mode: stats.mode & 0o777, recursive: true });
    for (const name of (await readdir(from)).slice(0, maxFiles))
      await copyEntry({ from: join(from, name), to: join(to, name) }, meter);
  }
}

/** Takes the name for a file that is to come. Errors: `exists`. */
async function claimFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o711 });
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const empty = (await stat(path).catch(() => undefined))?.size === 0;
    if (code === 'EEXIST' && empty) return;
    throw new Fault(code === 'EEXIST' ? 'exists' : 'refused', `cannot make the file ${path}`, {
      cause: error,
      hint: 'choose another name or another place',
    });
  }
}

async function makeMeter(moves: readonly FileMove[], work: TravelWork): Promise<CopyWork> {
  let total = 0;
  for (const { from } of moves) total += (await stat(from).catch(() => undefined))?.size ?? 0;
  let done = 0;
  return {
    signal: work.signal,
    onBytes: (bytes) => {
      done += bytes;
      work.progress(total === 0 ? null : Math.min(1, done / total), 'copying files');
    },
  };
}
