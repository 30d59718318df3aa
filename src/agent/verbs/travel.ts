/**
 * Copies of machines, and moves of their files on this host (VM-87). Both run in the machine's own loop, so that
 * nothing starts it meanwhile, and both are cut off without harm: the record names what is to be
 * removed before it is made (leftovers.ts), and one write of the record is the moment at which a move takes effect.
 */
import { basename, dirname, isAbsolute, join } from 'node:path';
import {
  isNative,
  placeName,
  type DiskCopy,
  type LinkParams,
  type LinkResult,
  type VmDefinition,
} from '#api';
import { describeFault, Fault } from '#lib';
import type { FileMove, Travel } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { CallContext, Handlers } from '../link/calls.ts';
import { renamingsOf, requireMovable } from '../machine/begin-move.ts';
import type { Hands } from '../machine/hands.ts';
import { absorbParents } from '../machine/layers/absorb-parents.ts';
import { carryMemories } from '../machine/layers/carry-memories.ts';
import { sealAnew, sealedFiles, tidyLayers } from '../machine/layers/change-layers.ts';
import { handOut } from '../machine/hand-out.ts';
import { judgeLayers } from '../machine/layers/check-layers.ts';
import { requireLayersKept } from '../machine/layers/keep-layers.ts';
import type { Layer } from '../machine/layers/layers.ts';
import { linkClone } from '../machine/layers/link-disks.ts';
import { mergeLayers } from '../machine/layers/merge.ts';
import { filesToMove, parentOf, renameFiles } from '../machine/layers/rename-files.ts';
import { moveDisk } from '../machine/move-disk.ts';
import { separateShared } from '../machine/layers/shared-layers.ts';
import { renameServed } from '../machine/layers/served-chain.ts';
import { requireSameChains, takeParents, tellParents } from '../machine/layers/take-parents.ts';
import type { MachineFile } from '../machine/record.ts';
import { restore, startOptions } from '../machine/start.ts';
import { save } from '../machine/stop.ts';
import { resolveFile } from '../drivers/qemu/places.ts';
import { realPath } from '../storage/allowed.ts';
import { readBackingName } from '../storage/backing.ts';
import { usedByOthers } from '../storage/list-files.ts';
import { copiesOf, travelOf } from './travel-of.ts';

type TravelVerbs = Pick<
  Handlers,
  | 'machine.clone'
  | 'machine.flatten'
  | 'machine.pace'
  | 'machine.hand-out'
  | 'machine.relocate'
  | 'machine.read-foreign'
>;

export function travelVerbs(host: Host): TravelVerbs {
  return {
    'machine.read-foreign': ({ file }, { signal }) => readForeign(host, file, signal),
    'machine.clone': (params, context) => cloneMachine(host, params, context),
    async 'machine.hand-out'({ id, generation, cause, ...wanted }, { signal, progress }) {
      const work = (hands: Hands): Promise<void> => handOut(host, hands, wanted);
      await host.machine(id).change('clone', generation, cause, work, signal, progress);
      return {};
    },
    'machine.flatten': (params, context) => flattenMachine(host, params, context),
    'machine.pace': async ({ id, correlationId, bytesPerSecond }) => {
      host.paces.set(host.machine(id).id, correlationId, bytesPerSecond);
      return {};
    },
    'machine.relocate': (params, context) => relocateMachine(host, params, context),
  };
}

/** What a vm of this host writes is no disk of another product: its contents are not handed out by naming it. */
async function readForeign(
  host: Host,
  file: string,
  signal: AbortSignal,
): Promise<LinkResult<'machine.read-foreign'>> {
  const { name, storage } = host.driver;
  const machine = await storage.readForeign?.(file, signal);
  if (!machine) throw new Fault('unsupported', `a ${name} host has no files to import`);
  const used = await usedByOthers(host.files());
  for (const path of machine.files) {
    const user = used.get(await realPath(path));
    if (user === undefined) continue;
    throw new Fault('refused', `cannot import ${file}: ${path} is a disk of ${user}`, {
      hint: 'copy that vm with: gantry vm clone',
    });
  }
  return { machine };
}

/** The files of a paused machine are free while its state is saved; it is paused again afterwards, or saved when cancelled. */
async function whileStill<T>(hands: Hands, work: () => Promise<T>): Promise<T> {
  if (hands.running === undefined) return work();
  if (hands.file.state === 'running')
    throw new Fault('refused', `${hands.file.definition.name} is running`, {
      hint: 'shut it down first, pause it, or copy a snapshot of it',
    });
  if (hands.file.held) {
    const { name } = hands.file.definition;
    throw new Fault('refused', `${name} is held before its first instruction`, {
      hint: 'release it and shut it down, or turn it off',
    });
  }
  await save(hands);
  hands.onEnd(undefined);
  try {
    return await work();
  } finally {
    await restore(hands, startOptions(hands.file.generation, 'run', {}));
  }
}

async function cloneMachine(
  host: Host,
  params: LinkParams<'machine.clone'>,
  { signal, progress }: CallContext,
): Promise<LinkResult<'machine.clone'>> {
  const { definition, definitionVersion, parent, disks, linked, seed } = params;
  const known = host.machines.get(definition.id);
  if (known) return { report: known.report() };
  const [travel, copies] = [travelOf(host), copiesOf(host)];
  const source = host.machine(params.id);
  const make = async (hands: Hands): Promise<LinkResult<'machine.clone'>> => {
    await tellParents(hands);
    const place = await travel.claimFolder(parent, definition);
    hands.set({ leftovers: [place.folder] });
    await hands.persist();
    try {
      const fresh = host.newFile(definition, definitionVersion, place);
      const copy =
        linked === undefined
          ? asCopy(hands.file, fresh, disks)
          : await linkClone(hands, fresh, linked.snapshotId);
      const machines = [...host.others(params.id), hands.file];
      if (linked === undefined)
        await copies.clone(hands.file, copy, disks, { machines, signal: hands.signal, progress });
      if (seed !== undefined) await copies.putSeed(copy, { ...seed, signal: hands.signal });
      await host.driver.storage.writeDefinition(copy);
      // Of disks that are served: what they are made of.
      const { layers } = await takeParents(host, copy, copy.definition.hardware.disks);
      return { report: (await host.add({ ...copy, layers })).report() };
    } catch (error) {
      await travel.remove([place.folder]);
      if (linked !== undefined) await mergeIfIdle(hands);
      throw error;
    } finally {
      hands.set({ leftovers: [] });
      await hands.persist();
    }
  };
  const { generation, cause } = params;
  if (linked !== undefined) {
    const action = linked.snapshotId === null ? 'clone' : 'clone-snapshot';
    return source.change(action, generation, cause, make, signal);
  }
  const still = (hands: Hands): Promise<LinkResult<'machine.clone'>> =>
    whileStill(hands, () => make(hands));
  return source.change('clone', generation, cause, still, signal);
}

/** The layers that were made for a clone that there is not; else they become one at the next occasion. */
async function mergeIfIdle(hands: Hands): Promise<void> {
  if (hands.file.state !== 'off' || hands.signal.aborted) return;
  // What went wrong is told by an event, and is not why there is no clone.
  await mergeLayers(hands).catch(() => undefined);
}

async function flattenMachine(
  host: Host,
  { id, generation, cause }: LinkParams<'machine.flatten'>,
  { signal, progress }: CallContext,
): Promise<LinkResult<'machine.flatten'>> {
  const machine = host.machine(id);
  const flatten = async (hands: Hands): Promise<void> => {
    await separateShared(hands, progress);
    await absorbParents(hands, progress);
    if (hands.running === undefined) await mergeLayers(hands);
  };
  await machine.change('flatten', generation, cause, flatten, signal, progress);
  if (machine.running) await machine.mergeLive(cause, signal, progress);
  return { report: machine.report() };
}

/** The copy of a saved machine is saved: its guest goes on as the machine it was until it is turned off. */
function asCopy(source: MachineFile, fresh: MachineFile, disks: readonly DiskCopy[]): MachineFile {
  if (source.savedFile === null) return fresh;
  const { ranBefore, pluggedMemory, clockOffsetSeconds, savedWith } = source;
  return {
    ...fresh,
    state: 'saved',
    savedFile: fresh.file.replace(/\.[^./]*$/, '.saved'),
    savedWith: savedWith === null ? null : withIdentity(savedWith, fresh.definition, disks),
    ranBefore,
    pluggedMemory,
    clockOffsetSeconds,
  };
}

function withIdentity(
  saved: VmDefinition,
  copy: VmDefinition,
  disks: readonly DiskCopy[],
): VmDefinition {
  const macs = new Map(copy.hardware.adapters.map(({ slot, mac }) => [slot, mac]));
  return {
    ...withFiles(saved, disks),
    id: copy.id,
    name: copy.name,
    hardware: {
      ...withFiles(saved, disks).hardware,
      bios: copy.hardware.bios,
      adapters: saved.hardware.adapters.map((adapter) => ({
        ...adapter,
        mac: macs.get(adapter.slot) ?? adapter.mac,
      })),
    },
  };
}

function withFiles(definition: VmDefinition, disks: readonly DiskCopy[]): VmDefinition {
  const files = new Map(disks.map(({ from, to }) => [from, to]));
  const moved = definition.hardware.disks.map((disk) => ({
    ...disk,
    file: files.get(disk.file) ?? disk.file,
  }));
  return { ...definition, hardware: { ...definition.hardware, disks: moved } };
}

async function relocateMachine(
  host: Host,
  asked: LinkParams<'machine.relocate'>,
  { signal, progress }: CallContext,
): Promise<LinkResult<'machine.relocate'>> {
  const machine = host.machine(asked.id);
  const travel = travelOf(host);
  const parent = asked.parent === 'usual' ? travel.usualParent() : asked.parent;
  const params = { ...asked, parent };
  const { definition } = params;
  if (definition.id !== params.id) throw new Fault('invalid', 'the definition is of another vm');
  if (machine.file.moving === null && isThere(machine.file, params))
    return { report: machine.report() };
  const [disk] = params.parent === null ? params.disks : [];
  const move = (hands: Hands): Promise<void> =>
    disk !== undefined && movesLive(hands, disk)
      ? moveDisk(hands, travel, { ...params, ...disk })
      : whileStill(hands, () => relocate(host, travel, hands, params, progress));
  const action = disk === undefined ? 'relocate' : 'move-disk';
  await machine.change(action, params.generation, params.cause, move, signal, progress);
  return { report: machine.report() };
}

/** What is served to a paused vm is let go of by saving that for the moment, of whatever kind it is. */
function movesLive({ file, running }: Hands, { from }: DiskCopy): boolean {
  if (running === undefined) return false;
  const disk = file.definition.hardware.disks.find((one) => one.file === from);
  const isServed = disk !== undefined && !isNative(disk);
  return !isServed || file.state === 'running' || file.moving !== null;
}

/** Asked for again: it has been moved already. */
function isThere(file: MachineFile, params: LinkParams<'machine.relocate'>): boolean {
  const { parent, definition, disks } = params;
  if (parent !== null && dirname(file.folder) !== parent) return false;
  if (disks.length === 0) return true;
  const files = new Map(file.definition.hardware.disks.map((disk) => [placeName(disk), disk.file]));
  return definition.hardware.disks.every((disk) => files.get(placeName(disk)) === disk.file);
}

async function relocate(
  host: Host,
  travel: Travel,
  hands: Hands,
  params: LinkParams<'machine.relocate'>,
  progress: CallContext['progress'],
): Promise<void> {
  const before = hands.file;
  const { definition, definitionVersion, parent, disks } = params;
  const moves = parent !== null && dirname(before.folder) !== parent;
  const renamings = moves ? disks : disksWithLayers(before, disks);
  const folder = moves ? (await travel.claimFolder(parent, definition)).folder : before.folder;
  const renamed = inFolder(before, folder, params, renamings);
  const made: string[] = moves ? [folder] : [];
  try {
    const plan = await travel.planMove(before, renamed, renamings, host.others(params.id));
    const after = await withMovedParts(renamed, before, plan);
    for (const { to } of moves ? [] : plan) {
      await travel.claimFile(to);
      made.push(to);
    }
    await requireSameLayers(host, before, params, renamings);
    hands.set({ leftovers: made });
    await hands.persist();
    const told = moves ? [] : await renamedParents(before, renamings);
    const copied = new Set(told.map(({ to }) => resolveFile(folder, to)));
    const placed = plan.filter(({ to }) => !copied.has(to));
    await travel.place(placed, { signal: hands.signal, progress });
    const copying = { signal: hands.signal, limit: () => 0 };
    for (const one of told)
      await host.driver.storage.layers.copyLayer(before, one, {
        ...copying,
        onProgress: (part) => progress(part, `copying ${one.from}`),
      });
    const old = plan.map(({ from }) => from);
    await takeEffect(hands, before, {
      folder,
      file: after.file,
      savedFile: after.savedFile,
      savedWith: before.savedWith === null ? null : withFiles(before.savedWith, disks),
      definition,
      definitionVersion,
      // A copy on another volume has another time of modification.
      layers: await sealAnew(host.driver.storage, after, movedFiles(after, moves)),
      leftovers: moves ? [...old, before.file, `${before.folder}/`] : old,
    });
  } catch (error) {
    if (hands.file.folder === before.folder && hands.file.definition === before.definition)
      await forget(host, travel, hands, made);
    throw error;
  }
  await host.driver.storage.writeDefinition(hands.file);
  await carryMemories(hands, renamings);
  await tidyLayers(hands);
  if (hands.file.savedFile !== null) await travel.reconcileSaved(hands.file);
  await travel.remove(hands.file.leftovers);
  hands.set({ leftovers: [] });
  await hands.persist();
}

/** What may have another time of modification now: what disks that are served are made from stays where these go alone. */
function movedFiles({ layers }: MachineFile, moves: boolean): ReadonlySet<string> {
  const files = new Set(layers.files.map(({ file }) => file));
  return moves
    ? new Set([...sealedFiles(layers)].filter((file) => files.has(file) || !isAbsolute(file)))
    : files;
}

/** Further files of disks that are served, which go where they are planned to go. */
async function withMovedParts(
  after: MachineFile,
  before: MachineFile,
  plan: readonly FileMove[],
): Promise<MachineFile> {
  const places = new Map<string, string>();
  for (const { from, to } of plan) places.set(await realPath(from), to);
  const names = new Map<string, string>();
  for (const part of (before.layers.served ?? []).flatMap(({ parts }) => parts)) {
    const to = places.get(await realPath(resolveFile(before.folder, part)));
    if (to !== undefined) names.set(part, dirname(to) === after.folder ? basename(to) : to);
  }
  return { ...after, layers: renameServed(after.layers, names) };
}

/** The disks with all of their layers, which go where they go. */
function disksWithLayers(
  { definition, layers }: MachineFile,
  disks: readonly DiskCopy[],
): readonly DiskCopy[] {
  return disks.flatMap(({ from, to }) => {
    const disk = definition.hardware.disks.find(({ file }) => file === from);
    if (disk === undefined) return [{ from, to }];
    const layered = filesToMove(layers, disk, to);
    return renamingsOf({ from, to, layered });
  });
}

/** Layers whose parent is not found any more by the name that they have for it: they are copied, and told the new one. */
async function renamedParents(
  { layers, folder }: MachineFile,
  renamings: readonly DiskCopy[],
): Promise<(DiskCopy & { readonly parent: Pick<Layer, 'file' | 'format'> })[]> {
  const names = new Map(renamings.map(({ from, to }) => [from, to]));
  const renamed: (DiskCopy & { readonly parent: Pick<Layer, 'file' | 'format'> })[] = [];
  for (const { from, to } of renamings) {
    const parent = parentOf(layers, from);
    if (parent === null) continue;
    const file = names.get(parent.file) ?? parent.file;
    const [own, below, ownAfter, belowAfter] = [
      resolveFile(folder, from),
      resolveFile(folder, parent.file),
      resolveFile(folder, to),
      resolveFile(folder, file),
    ];
    // Whoever made a disk over another may have named that in any way.
    const text = parent.borrowed ? await readBackingName(own) : undefined;
    const isRelative = text === undefined ? dirname(own) === dirname(below) : !isAbsolute(text);
    const name = isRelative ? join(dirname(ownAfter), text ?? basename(below)) : below;
    if (name !== belowAfter) renamed.push({ from, to, parent: { ...parent, file } });
  }
  return renamed;
}

/** Errors: `refused` where layers would not find what they lie on, or that was changed. */
async function requireSameLayers(
  host: Host,
  before: MachineFile,
  params: Pick<LinkParams<'machine.relocate'>, 'definition' | 'parent'>,
  renamings: readonly DiskCopy[],
): Promise<void> {
  if (params.parent === null) await requireMovable({ file: before, host }, params, renamings);
  else requireLayersKept(before, params.definition.hardware.disks);
  const left = before.layers.files.find(
    ({ file, parent }) => isAbsolute(file) && parent !== null && !isAbsolute(parent),
  );
  if (params.parent !== null && left !== undefined)
    throw new Fault('refused', `${left.file} stays where it is, and would lose ${left.parent}`, {
      hint: `bring its disk into the vm's folder first, with: gantry vm move-disk`,
    });
  await requireSameChains(host, before);
  const [changed] = await judgeLayers(host.driver.storage, before);
  if (changed !== undefined) throw new Fault('refused', changed.text, { hint: changed.remedy });
}

/** The record on the disk decides: where it could not be written, the one in memory is as it was. */
async function takeEffect(
  hands: Hands,
  before: MachineFile,
  patch: Parameters<Hands['set']>[0],
): Promise<void> {
  hands.set(patch);
  try {
    await hands.persist();
  } catch (error) {
    const { folder, file, savedFile, savedWith, definition, definitionVersion, layers } = before;
    hands.set({ folder, file, savedFile, savedWith, definition, definitionVersion, layers });
    throw error;
  }
}

async function forget(
  host: Host,
  travel: Travel,
  hands: Hands,
  made: readonly string[],
): Promise<void> {
  try {
    await travel.remove(made);
    hands.set({ leftovers: [] });
    await hands.persist();
  } catch (cause) {
    // They are on the record: the next start of the agent removes them.
    host.log.warn({ vm: hands.file.definition.id, why: describeFault(cause) }, 'cannot clean up');
  }
}

function inFolder(
  before: MachineFile,
  folder: string,
  { definition, definitionVersion }: LinkParams<'machine.relocate'>,
  renamings: readonly DiskCopy[],
): MachineFile {
  const names = new Map(renamings.map(({ from, to }) => [from, to]));
  const place = (path: string): string => join(folder, basename(path));
  return {
    ...before,
    folder,
    file: folder === before.folder ? before.file : place(before.file),
    savedFile:
      before.savedFile === null || folder === before.folder
        ? before.savedFile
        : place(before.savedFile),
    definition,
    definitionVersion,
    layers: renameFiles(before.layers, names),
  };
}
