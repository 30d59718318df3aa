/**
 * What a disk of a machine whose process is there goes to: files that are there before the guest's writes come to them. An empty
 * disk for one that is one file; copies of its layers, which nobody writes, with an empty one on top for one that has such.
 */
import { isNative, type Disk, type VmDefinition } from '#api';
import { assert, Fault, formatBytes, isFault, present } from '#lib';
import type { Travel } from '../drivers/files.ts';
import { resolveFile } from '../drivers/qemu/places.ts';
import { diskId, exportOf } from '../drivers/qemu/spec/devices.ts';
import type { Hands } from './hands.ts';
import { judgeChain } from './layers/check-layers.ts';
import { requireLayersKept } from './layers/keep-layers.ts';
import { chainOf, topOf } from './layers/layers.ts';
import {
  filesToMove,
  namesOf,
  parentOf,
  renameDisks,
  renameFiles,
  type MovedFiles,
  type Renaming,
} from './layers/rename-files.ts';
import { requireSameChains } from './layers/take-parents.ts';
import { livePace } from './paces.ts';
import type { MachineFile } from './record.ts';

export type Moving = NonNullable<MachineFile['moving']>;

export interface DiskMove {
  /** As the definition names them. */
  readonly from: string;
  readonly to: string;
  /** With the disk in its new place. */
  readonly definition: VmDefinition;
  readonly definitionVersion: number;
}

/** Resolves when the files are there and the record names them. Errors: as `moveDisk`. */
export async function beginMove(hands: Hands, travel: Travel, move: DiskMove): Promise<void> {
  const { host, file } = hands;
  const { storage } = host.driver;
  const { from, to, definition, definitionVersion } = move;
  const disk = diskOf(file, from);
  const layered = layeredOf(file, disk, to);
  const renamings = renamingsOf({ from, to, layered });
  await requireMovable(hands, move, renamings);
  const after = { ...file, definition };
  const others = host.others(file.definition.id);
  // Those that it goes by are removed when it has gone.
  await requireSameChains(host, file);
  const [plan] = await travel.planMove(file, after, renamings, others);
  const { from: fromPath, to: toPath } = present(plan, 'where the disk goes');
  const served = isNative(disk) ? null : await planTwin(hands, disk, to, layered);
  const moving = { from, to, fromPath, toPath, definition, definitionVersion, served, layered };
  const made = newFiles(file, moving);
  // What has the name already is somebody else's, and not to be removed by whoever finds the record.
  for (const path of made)
    if (!path.endsWith('.part') && (await storage.layers.countNames(file, path)) > 0)
      await travel.claimFile(path);
  const sources = renamings.map((one) => one.from);
  await requireRoom(hands, layered === null ? (served?.from.files ?? sources) : sources, to);
  const { sizeBytes } = await present(hands.running, 'a process').layers.readTop(disk);
  const claimed: string[] = [];
  try {
    hands.set({ moving });
    await hands.persist();
    for (const one of renamings) {
      const path = resolveFile(file.folder, one.to);
      await travel.claimFile(path);
      claimed.push(path);
    }
    await travel.remove(made);
    claimed.length = 0;
    const fresh = { kind: 'new', file: to, sizeBytes } as const;
    if (layered !== null) await makeLayers(hands, layered, disk, sizeBytes);
    else if (isNative(disk))
      await storage.createDisk(file, { ...fresh, format: disk.format }, hands.signal);
    else await storage.twins?.make(file, disk, to);
  } catch (error) {
    hands.set({ moving: null });
    // What came to have the name meanwhile is somebody else's, too.
    await travel.remove(isFault(error, 'exists') ? claimed : made);
    await hands.persist();
    throw error;
  }
}

/** What goes, the disk's own file first. */
export function renamingsOf({
  from,
  to,
  layered,
}: Pick<Moving, 'from' | 'to' | 'layered'>): readonly Renaming[] {
  const files = layersOf(layered);
  return [{ from, to }, ...files.filter((one) => one.from !== from)];
}

/** Null: the disk is one file, and nothing of it is known to lie below that. */
function layeredOf(file: MachineFile, disk: Disk, to: string): MovedFiles | null {
  const files = filesToMove(file.layers, disk, to);
  const isAlone = files.chain.length + files.others.length === 1;
  return isAlone && chainOf(file.layers, disk).length === 1 ? null : files;
}

/** Errors: `refused` where layers would not fit what the disk is to be, are shared, or were changed. */
export async function requireMovable(
  { host, file }: Pick<Hands, 'host' | 'file'>,
  { definition }: Pick<DiskMove, 'definition'>,
  renamings: readonly Renaming[],
): Promise<void> {
  const names = new Map(renamings.map((one) => [one.from, one.to]));
  const renamed = {
    ...file,
    definition: renameDisks(file.definition, names),
    layers: renameFiles(file.layers, names),
  };
  requireLayersKept(renamed, definition.hardware.disks);
  const moved = file.layers.files.filter((layer) => names.has(layer.file));
  const shared = moved.find((layer) => layer.shared);
  if (shared !== undefined)
    throw new Fault('refused', `${shared.file} is shared with linked clones`, {
      hint: `give the vm files of its own first, with: gantry vm flatten ${file.definition.name}`,
    });
  const sealed = moved.filter(({ seal }) => seal !== null);
  const device = renamings[0]?.from ?? '';
  const [changed] = await judgeChain(host.driver.storage, file, device, sealed);
  if (changed !== undefined) throw new Fault('refused', changed.text, { hint: changed.remedy });
}

/** What is copied before the guest's top: as parts of the whole, from 0 to 1. */
export async function partBelow({ host, file }: Hands, { layered }: Moving): Promise<number> {
  const { layers } = host.driver.storage;
  const sizes: number[] = [];
  for (const { from } of layersOf(layered)) sizes.push(await layers.sizeOf(file, from));
  const [top = 0, ...below] = sizes;
  const belowBytes = below.reduce((sum, bytes) => sum + bytes, 0);
  return top + belowBytes === 0 ? 0 : belowBytes / (top + belowBytes);
}

async function makeLayers(
  hands: Hands,
  { chain, others }: MovedFiles,
  disk: Disk,
  sizeBytes: number,
): Promise<void> {
  const { host, file, signal } = hands;
  const { layers: storage } = host.driver.storage;
  const names = namesOf({ chain, others });
  const parentAfter = (from: string) => {
    const parent = parentOf(file.layers, from);
    return parent && { ...parent, file: names.get(parent.file) ?? parent.file };
  };
  const [top, ...below] = chain;
  const copies = [...below, ...others];
  const part = await partBelow(hands, present(hands.file.moving, 'a move'));
  let bytes = 0;
  let doneBytes = 0;
  for (const { from } of copies) bytes += await storage.sizeOf(file, from);
  for (const { from, to } of copies) {
    const sizeOfOne = await storage.sizeOf(file, from);
    const done = doneBytes;
    await storage.copyLayer(
      file,
      { from, to, parent: parentAfter(from) },
      {
        signal,
        limit: () => livePace(hands),
        onProgress: (share) => {
          const copied = bytes === 0 ? 1 : (done + share * sizeOfOne) / bytes;
          hands.progress(part * copied, `copying ${from}`);
        },
      },
    );
    doneBytes += sizeOfOne;
  }
  assert(top !== undefined, 'a disk has a file');
  const on = parentAfter(topOf(file.layers, disk).file);
  assert(on !== null, 'a top lies on something');
  await storage.make(file, top.to, on, sizeBytes);
}

/** The files of the new disk, absolute, and what they are called until they are whole. */
export function newFiles(
  { folder }: Pick<MachineFile, 'folder'>,
  { toPath, served, layered }: Pick<Moving, 'toPath' | 'served' | 'layered'>,
): string[] {
  const own = [toPath, ...layersOf(layered).map(({ to }) => resolveFile(folder, to))];
  return [...new Set([...(served?.to.files ?? []), ...own, ...own.map((path) => `${path}.part`)])];
}

/** The files of the old disk, absolute. */
export function oldFiles(
  { folder }: Pick<MachineFile, 'folder'>,
  { fromPath, served, layered }: Moving,
): string[] {
  const layers = layersOf(layered).map(({ from }) => resolveFile(folder, from));
  return [...new Set([...(served?.from.files ?? [fromPath]), ...layers])];
}

function layersOf(layered: MovedFiles | null): readonly Renaming[] {
  return layered === null ? [] : [...layered.chain, ...layered.others];
}

/** Errors: `refused` for a disk that no empty one is made like. */
async function planTwin(
  { host, file }: Hands,
  disk: Disk,
  to: string,
  layered: MovedFiles | null,
): Promise<Moving['served']> {
  const { twins } = host.driver.storage;
  const { name } = file.definition;
  const hint = 'pause the vm and move the disk then, or shut the vm down first';
  if (twins === undefined || disk.readOnly)
    throw new Fault('refused', `${disk.file} of ${name} is in ${disk.format}, and only read`, {
      hint,
    });
  const files = await twins.plan(file, disk, to).catch((cause: unknown) => {
    if (!isFault(cause, 'unsupported')) throw cause;
    throw new Fault('refused', `cannot move ${disk.file} as ${name} runs`, { cause, hint });
  });
  assert(layered === null || files.to.length === 1, 'no layers lie on a disk in several files');
  const taken = new Set(file.servedAs.map((one) => one.name));
  let number = 1;
  while (taken.has(`${diskId(disk)}-${number}`)) number += 1;
  return {
    from: { name: exportOf(file, disk), files: files.from },
    to: { name: `${diskId(disk)}-${number}`, files: files.to },
  };
}

/** Errors: `exhausted` with the figures. */
async function requireRoom(
  { host, file }: Hands,
  from: readonly string[],
  to: string,
): Promise<void> {
  const { layers } = host.driver.storage;
  let neededBytes = 0;
  for (const one of from) neededBytes += await layers.sizeOf(file, one);
  const freeBytes = await layers.freeBytes(file, to);
  if (freeBytes >= neededBytes) return;
  const figures = `${formatBytes(neededBytes)} are needed, ${formatBytes(freeBytes)} are free`;
  throw new Fault('exhausted', `the volume of ${to} has too little space: ${figures}`, {
    facts: { neededBytes, freeBytes },
    hint: 'free space on that volume, or choose another one',
  });
}

export function diskOf({ definition }: MachineFile, file: string): Disk {
  const disk = definition.hardware.disks.find((one) => one.file === file);
  if (disk !== undefined) return disk;
  throw new Fault('stale', `${file} is no disk of ${definition.name} any more`, {
    hint: 'look at the disks of the vm again',
  });
}
