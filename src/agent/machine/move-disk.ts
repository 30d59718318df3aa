/**
 * A disk of a machine whose process is there goes to another file while the guest works: all of it is
 * copied, what is written meanwhile follows, and the guest goes on in the new file.
 *
 *   record: moving -> empty disk made -> copy, until both are equal -> guest stands still -> new file on top
 *     -> record: moved -> guest runs -> old file goes
 *
 * A disk with layers goes with all of them (begin-move.ts): only the one on top is written, the others are copied before.
 *
 * Whoever is cut off in between asks the process which file the disk is on. Where it has gone it was the old one: from the
 * last write to that on, until the record says `moved`, the guest stands still. Of a disk that is served to the process both
 * files are, under two names, which the record has (docs/rfd/0027).
 */
import { basename, dirname } from 'node:path';
import type { Disk } from '#api';
import { isFault, present, systemClock } from '#lib';
import type { Travel } from '../drivers/files.ts';
import type { OpenMirror } from '../drivers/live-layers.ts';
import {
  beginMove,
  diskOf,
  newFiles,
  oldFiles,
  partBelow,
  renamingsOf,
  type DiskMove,
  type Moving,
} from './begin-move.ts';
import type { Hands } from './hands.ts';
import { carryMemories } from './layers/carry-memories.ts';
import { sealAnew, tidyLayers } from './layers/change-layers.ts';
import { chainOf } from './layers/layers.ts';
import { letStand } from './layers/live-snapshot.ts';
import { putServed } from './layers/served-chain.ts';
import { namesOf, renameDisks, renameFiles } from './layers/rename-files.ts';
import { livePace } from './paces.ts';
import type { MachineFile } from './record.ts';

const goneMs = 15_000;
/** How often the record is tried to be written while the guest stands still. */
const recordAttempts = 30;
const recordPauseMs = 1_000;

/** Goes on with a move to that file that an agent before this one began. Errors: `exists`, `exhausted`, `cancelled`, `unsupported`, `refused` while another vm uses the disk; it stays where it is. */
export async function moveDisk(hands: Hands, travel: Travel, move: DiskMove): Promise<void> {
  const running = present(hands.running, 'the process of a live machine');
  if (!(await isUnderWay(hands, move))) {
    await settleMoving(hands);
    if (isThere(hands.file, move)) return;
    await beginMove(hands, travel, move);
  }
  const disk = diskOf(hands.file, move.from);
  const moving = present(hands.file.moving, 'a move');
  const part = await partBelow(hands, moving);
  try {
    await running.layers.mirror({
      disk,
      ...targetOf(hands.file, moving, disk),
      limit: () => livePace(hands),
      signal: hands.signal,
      goesOn: () => hands.leaving,
      onProgress: (done) => hands.progress(part + done * (1 - part), `copying ${move.from}`),
      beforeMove: async () => {
        const standing = hands.file.state === 'running';
        hands.set({ layers: { ...hands.file.layers, standing } });
        await hands.persist();
      },
      moved: () => noteMoved(hands),
    });
  } catch (error) {
    if (!hands.leaving) await settleMoving(hands);
    throw error;
  }
  hands.set({ layers: { ...hands.file.layers, standing: false } });
  await endMove(hands, travel);
}

/** It has been moved already, or the copy that it was to be taken back from has just been ended. */
function isThere(
  { definition }: MachineFile,
  { from, to }: Pick<DiskMove, 'from' | 'to'>,
): boolean {
  const files = new Set(definition.hardware.disks.map(({ file }) => file));
  return files.has(to) && !files.has(from);
}

async function isUnderWay({ file, running }: Hands, { from, to }: DiskMove): Promise<boolean> {
  if (file.moving?.from !== from || file.moving.to !== to || running === undefined) return false;
  return await running.layers.isMirroring(diskOf(file, from), topAfter(file.moving));
}

/** What the guest writes in the new place. */
function topAfter({ to, layered }: Moving): string {
  return layered?.chain[0]?.to ?? to;
}

/** What the process opens of the new disk, from the top down. */
function openedAfter({ to, layered }: Moving): string[] {
  return layered?.chain.map((one) => one.to) ?? [to];
}

function targetOf(
  { layers }: MachineFile,
  moving: Moving,
  disk: Disk,
): Pick<OpenMirror, 'to' | 'below'> {
  const to = topAfter(moving);
  if (moving.layered === null) return { to, below: undefined };
  const chain = chainOf(layers, disk);
  const own = chain.findIndex(({ file }) => file === disk.file);
  const names = namesOf(moving.layered);
  const copies = chain
    .slice(1, own + 1)
    .map(({ file, format }) => ({ file: names.get(file) ?? file, format }));
  return { to, below: { copies, kept: chain[own + 1]?.file } };
}

/**
 * The guest stands still until the record is on the disk: what it writes from then on is in the new file alone. `moving` stays
 * in it until nothing has the old file open.
 */
async function noteMoved(hands: Hands): Promise<void> {
  const { moving, startedWith, servedAs, layers } = hands.file;
  if (moving === null || isThere(hands.file, moving)) return;
  const { from, to, definition, definitionVersion, served } = moving;
  await hands.running?.layers.goOn(diskOf(hands.file, from));
  const names = new Map(renamingsOf(moving).map((one) => [one.from, one.to]));
  const renamed = withTwin(renameFiles(layers, names), hands.file, moving);
  const others = servedAs.filter(({ disk }) => disk !== from);
  hands.set({
    definition,
    definitionVersion,
    startedWith: startedWith && renameDisks(startedWith, names),
    // A copy has another time of modification.
    layers: await sealAnew(
      hands.host.driver.storage,
      { ...hands.file, layers: renamed },
      new Set(names.values()),
    ),
    servedAs: served === null ? servedAs : [...others, { disk: to, name: served.to.name }],
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await hands.persist();
    } catch (error) {
      if (attempt === recordAttempts) throw error;
      await systemClock.sleep(recordPauseMs);
    }
  }
}

/** What it went to is a disk by itself, of the files that were made for it. */
function withTwin(
  layers: MachineFile['layers'],
  { folder }: MachineFile,
  { to, toPath, served }: Moving,
): MachineFile['layers'] {
  if (served === null) return layers;
  const parts = served.to.files
    .filter((path) => path !== toPath)
    .map((path) => (dirname(path) === folder ? basename(path) : path));
  return putServed(layers, to, { disk: to, parts, parents: [] });
}

async function endMove(hands: Hands, travel: Travel): Promise<void> {
  const { moving } = hands.file;
  if (moving === null) return;
  const { from, to, layered } = moving;
  await hands.persist();
  const left = layered?.chain.map((one) => one.from) ?? [from];
  await hands.running?.layers.leave(diskOf(hands.file, to), left);
  await hands.host.driver.storage.writeDefinition(hands.file);
  await carryMemories(hands, renamingsOf(moving));
  await tidyLayers(hands);
  await travel.remove(oldFiles(hands.file, moving));
  hands.set({ moving: null });
  await hands.persist();
}

/** `keep`: a copy that is under way goes on, as whoever asked for it asks again. */
export async function settleMoving(hands: Hands, copy: 'end' | 'keep' = 'end'): Promise<void> {
  try {
    await settle(hands, copy);
  } catch (error) {
    if (hands.running !== undefined && !isFault(error, 'unavailable')) throw error;
    // Of a process that is on its way out it is known as soon as it has gone.
    await hands.untilEnded(goneMs);
    await settle(hands, copy);
  }
}

async function settle(hands: Hands, copy: 'end' | 'keep'): Promise<void> {
  const { moving } = hands.file;
  const { travel } = hands.host.driver.storage;
  if (moving === null || travel === undefined) return;
  if (isThere(hands.file, moving)) {
    await letStand(hands);
    return endMove(hands, travel);
  }
  const { running } = hands;
  const disk = diskOf(hands.file, moving.from);
  if (running !== undefined) {
    if (await running.layers.isOn(disk, topAfter(moving))) {
      await noteMoved(hands);
      await letStand(hands);
      return endMove(hands, travel);
    }
    if (copy === 'keep' && (await running.layers.isMirroring(disk, topAfter(moving)))) return;
    await running.layers.endMirror(disk, openedAfter(moving));
  }
  await travel.remove(newFiles(hands.file, moving));
  hands.set({ moving: null });
  await hands.persist();
}
