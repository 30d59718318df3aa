/**
 * Snapshots of a machine (SNAP-01 to SNAP-11): the files that its disks are on are kept as they are, and the disks
 * go on in new layers above them. While it runs its process is told to (live-snapshot.ts); to go back it ends.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  hostDriveWord,
  placeName,
  withoutLimits,
  type Disk,
  type LinkParams,
  type VmDefinition,
} from '#api';
import { describeFault, Fault, formatBytes, isoTime } from '#lib';
import type { Hands } from '../hands.ts';
import { stopped, type MachineFile } from '../record.ts';
import { endDiscard, offCauseOf } from '../stop.ts';
import { changeLayers } from './change-layers.ts';
import { judgeChain } from './check-layers.ts';
import { chainFrom, prune, putOnTop, topOf, type Layers, type SnapshotRecord } from './layers.ts';
import { memoryOf, requireTakeable, stateNow, takeLive, withSnapshot } from './live-snapshot.ts';
import { mergeLayers, requireRoomToMerge } from './merge.ts';
import { layerSuffix, nameState, nameTops } from './name-tops.ts';
import { releaseShared } from './shared-layers.ts';
import { undoSuffix } from './undo.ts';

type Taken = LinkParams<'machine.snapshot.take'>['snapshot'];
type Told = 'vm.snapshot.taken' | 'vm.snapshot.reverted' | 'vm.snapshot.deleted';

/** What a new layer takes up at once. */
const newLayerBytes = 1024 * 1024;

/** Taken once: asked for again it is there. */
export function takeSnapshot(hands: Hands, taken: Taken): Promise<void> {
  if (hands.file.layers.snapshots.some(({ id }) => id === taken.id)) return Promise.resolve();
  return telling(hands, 'take', taken.name, async () => {
    const { file, host } = hands;
    const { layers, definition } = file;
    requireTakeable(hands, taken);
    if (taken.quiesce) await hands.running?.layers.reachGuest(hands.signal);
    const disks = layeredDisks(definition, taken.exclude);
    const sizeBytes = await measure(hands, disks);
    await requireRoom(hands, disks.length, taken.memory ? definition.hardware.memory.sizeBytes : 0);
    const suffix = layers.undo === null ? layerSuffix : undoSuffix(file);
    const state = nameState(file, taken.id);
    const snapshot: SnapshotRecord = {
      id: taken.id,
      name: taken.name,
      description: taken.description,
      author: taken.author,
      takenAt: isoTime(host.clock.now()),
      parent: layers.position,
      sizeBytes,
      disks: disks.map((disk) => ({ disk: disk.file, file: topOf(layers, disk).file })),
      state,
      undo: layers.undo,
      definition,
      takenWhile: stateNow(file),
      quiesced: taken.quiesce,
      memory: memoryOf(file, taken),
    };
    if (hands.running === undefined) await takeOff(hands, snapshot, disks, suffix);
    else await takeLive(hands, snapshot, disks, suffix);
    tell(hands, 'vm.snapshot.taken', snapshot, { sizeBytes });
  });
}

async function takeOff(
  hands: Hands,
  snapshot: SnapshotRecord,
  disks: readonly Disk[],
  suffix: string,
): Promise<void> {
  const { file, host } = hands;
  const { state } = snapshot;
  await changeLayers(
    hands,
    nameTops(file.layers, disks, suffix),
    (now, additions) => ({ layers: withSnapshot(putOnTop(now, additions), snapshot) }),
    { name: state, make: () => host.driver.storage.layers.keepState(file, state) },
  );
}

/** Answers the definition that the machine has then: hardware of then, identity, name and settings of now (SNAP-21). */
export async function revertToSnapshot(
  hands: Hands,
  id: string,
  memory: 'restore' | 'leave',
): Promise<VmDefinition> {
  const snapshot = requireSnapshot(hands.file, id);
  await telling(hands, 'revert to', snapshot.name, async () => {
    await requireSound(hands, snapshot);
    if (memory === 'restore') await requireMemoryFits(hands, snapshot);
    await endPresent(hands);
    const { layers } = hands.file;
    const { storage } = hands.host.driver;
    const definition = asThen(hands.file.definition, snapshot.definition);
    const kept = new Set(snapshot.disks.map(({ disk }) => disk));
    const disks = snapshot.definition.hardware.disks.filter(({ file }) => kept.has(file));
    const suffix = snapshot.undo === null ? layerSuffix : undoSuffix(hands.file);
    await changeLayers(
      hands,
      nameTops(layers, disks, suffix, snapshot.disks),
      (now, additions) => ({
        definition,
        layers: prune({
          ...putOnTop(now, additions),
          undo: snapshot.undo,
          position: snapshot.id,
          stateFrom: snapshot.state,
        }),
      }),
    );
    await storage.writeDefinition(hands.file);
    tell(hands, 'vm.snapshot.reverted', snapshot);
    await mergeLayers(hands);
  });
  return hands.file.definition;
}

/** The memory of the snapshot becomes the saved state of the machine, which was taken back to it. */
export async function recallMemory(hands: Hands, id: string): Promise<void> {
  const { memory, state, takenWhile, definition } = requireSnapshot(hands.file, id);
  if (memory === null || hands.file.layers.position !== id) return;
  const savedFile = await hands.host.driver.storage.layers.recallMemory(hands.file, state);
  const { pluggedMemory } = memory;
  const savedWith = memory.startedWith ?? definition;
  const ranBefore = takenWhile === 'running';
  hands.enter('saved', { savedFile, savedWith, pluggedMemory, ranBefore, released: false });
  await hands.persist();
}

/** Errors: `blocked` with the reasons for which the memory cannot come back; the disks can. */
async function requireMemoryFits(hands: Hands, snapshot: SnapshotRecord): Promise<void> {
  const { memory, state, name } = snapshot;
  if (memory === null) return;
  const startedWith = memory.startedWith ?? snapshot.definition;
  const reasons = await hands.host.driver.checkMemory(hands.file, { state, startedWith });
  const [first] = reasons;
  if (first === undefined) return;
  throw new Fault('blocked', `the memory of the snapshot ${name} does not fit: ${first.text}`, {
    reasons,
    hint: 'take disks and hardware back only, without memory: --disks-only',
  });
}

/** What the machine does at present is lost with what its disks hold. */
async function endPresent(hands: Hands): Promise<void> {
  const { running } = hands;
  if (hands.file.state === 'saved') await endDiscard(hands);
  if (running === undefined) return;
  const goOff = (): void => {
    hands.enter('off', stopped);
    hands.emit('vm.state.powered-off', { cause: offCauseOf(hands) });
  };
  hands.onEnd(() => {
    goOff();
    return 'heard';
  });
  hands.enter('turning-off');
  await running.end();
  hands.onEnd(undefined);
  await hands.persist();
}

/** Deleted once: asked for again there is nothing to do. */
export async function deleteSnapshot(hands: Hands, id: string): Promise<void> {
  const snapshot = hands.file.layers.snapshots.find((one) => one.id === id);
  if (snapshot === undefined) return mergeWhileOff(hands);
  await telling(hands, 'delete', snapshot.name, async () => {
    await releaseShared(hands);
    const without = (now: Layers): Layers => ({
      ...now,
      snapshots: now.snapshots
        .filter((one) => one.id !== id)
        .map((one) => (one.parent === id ? { ...one, parent: snapshot.parent } : one)),
      position: now.position === id ? snapshot.parent : now.position,
    });
    await requireRoomToMerge(hands, without(hands.file.layers));
    hands.set({
      layers: {
        ...hands.file.layers,
        unfinished: [{ file: snapshot.state, mode: null }],
      },
    });
    await changeLayers(hands, [], (now) => ({ layers: prune(without(now)) }));
    tell(hands, 'vm.snapshot.deleted', snapshot);
    await mergeWhileOff(hands);
  });
}

/** While it runs the machine merges in a turn of its own, which gives way to requests. */
async function mergeWhileOff(hands: Hands): Promise<void> {
  if (hands.running === undefined) await mergeLayers(hands);
}

export async function changeSnapshot(
  hands: Hands,
  { id, name, description }: Pick<SnapshotRecord, 'id' | 'name' | 'description'>,
): Promise<void> {
  requireSnapshot(hands.file, id);
  await changeLayers(hands, [], (now) => ({
    layers: {
      ...now,
      snapshots: now.snapshots.map((one) => (one.id === id ? { ...one, name, description } : one)),
    },
  }));
}

/** Errors: `not-found`. */
export function requireSnapshot({ definition, layers }: MachineFile, id: string): SnapshotRecord {
  const snapshot = layers.snapshots.find((one) => one.id === id);
  if (snapshot) return snapshot;
  throw new Fault('not-found', `${definition.name} has no snapshot ${id}`);
}

/** Errors: `refused` naming a disk that has no layers and is not left out: a shared one, a drive of the host (SNAP-17). */
function layeredDisks({ name, hardware }: VmDefinition, exclude: readonly string[]): Disk[] {
  const without = hardware.disks.filter((disk) => disk.shared || disk.kind !== undefined);
  const named = without.find((disk) => !exclude.includes(placeName(disk)));
  if (named !== undefined) {
    const place = placeName(named);
    const why = named.shared
      ? 'is shared with other vms'
      : `is ${hostDriveWord(named)}: a drive of the host has no snapshots`;
    throw new Fault('refused', `the disk ${place} of ${name} ${why}`, {
      hint: `leave it out: --exclude ${place}; what it holds is then not taken back`,
    });
  }
  return hardware.disks.filter((disk) => !without.includes(disk) && !disk.readOnly);
}

/** Errors: `exhausted` with the figures (SNAP-10). */
async function requireRoom(hands: Hands, count: number, memoryBytes: number): Promise<void> {
  const { file, host } = hands;
  const neededBytes = count * newLayerBytes + memoryBytes + host.settings.minimumFreeDiskBytes;
  const freeBytes = await host.driver.storage.layers.freeBytes(file, '.');
  if (freeBytes >= neededBytes) return;
  const figures = `${formatBytes(neededBytes)} are needed, ${formatBytes(freeBytes)} are free`;
  throw new Fault('exhausted', `the volume of ${file.folder} has too little space: ${figures}`, {
    facts: { neededBytes, freeBytes },
    hint: 'free space on that volume',
  });
}

/** Errors: `corrupt` naming the file that was changed (SNAP-18). */
async function requireSound(hands: Hands, { disks }: SnapshotRecord): Promise<void> {
  for (const { disk, file } of disks) {
    const chain = chainFrom(hands.file.layers, file);
    const [found] = await judgeChain(hands.host.driver.storage, hands.file, disk, chain);
    if (found === undefined) continue;
    hands.emit('vm.disk.parent-invalid', { device: disk, parent: found.file });
    throw new Fault('corrupt', found.text, { hint: found.remedy });
  }
}

async function measure(hands: Hands, disks: readonly Disk[]): Promise<number> {
  let bytes = 0;
  for (const disk of disks) {
    const { file } = topOf(hands.file.layers, disk);
    bytes += await hands.host.driver.storage.layers.sizeOf(hands.file, file);
  }
  return bytes;
}

/** Raw devices are those of now: nobody gets a drive of the host back by a snapshot. */
function asThen(now: VmDefinition, then: VmDefinition): VmDefinition {
  const { hardware, resources, guestOs } = then;
  const { bios } = now.hardware;
  // What it was limited to may be another.
  const disks = hardware.disks.filter(
    (disk) =>
      disk.kind !== 'device' ||
      now.hardware.disks.some((one) => isDeepStrictEqual(withoutLimits(one), withoutLimits(disk))),
  );
  return { ...now, guestOs, resources, hardware: { ...hardware, disks, bios } };
}

function tell(
  hands: Hands,
  name: Told,
  snapshot: SnapshotRecord,
  more: { readonly sizeBytes?: number } = {},
): void {
  if (name === 'vm.snapshot.taken')
    hands.emit(name, { snapshot: snapshot.name, sizeBytes: more.sizeBytes ?? 0 });
  else hands.emit(name, { snapshot: snapshot.name });
}

/** SNAP-24: a failure is told, too. */
async function telling(
  hands: Hands,
  operation: 'take' | 'revert to' | 'delete',
  snapshot: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!hands.leaving) {
      const reason = describeFault(error);
      hands.emit('vm.snapshot.failed', { operation, snapshot, reason, state: hands.file.state });
    }
    throw error;
  }
}
