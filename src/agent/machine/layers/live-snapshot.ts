/**
 * Snapshots of a machine that runs or is paused (docs/rfd/0023).
 *
 *   record: taking -> new layers made -> [memory] all on top at one instant [rest of memory] -> record: taken
 *
 * Whoever is cut off in between asks the process what its disks are on. Where it has gone, new layers that hold
 * something were on top, and those that hold nothing are as good as never made. What was put on top without its
 * memory being whole is no snapshot: the layers merge again.
 */
import { placeName, type Disk, type LinkParams } from '#api';
import { assert, Fault, isFault, present } from '#lib';
import type { Hands } from '../hands.ts';
import type { MachineFile } from '../record.ts';
import {
  leftBy,
  putOnTop,
  topOf,
  type Layers,
  type SealedTop,
  type SnapshotRecord,
} from './layers.ts';
import { tidyLayers } from './change-layers.ts';
import { mergeLayers } from './merge.ts';
import { nameTops } from './name-tops.ts';

type Asked = LinkParams<'machine.snapshot.take'>['snapshot'];
const goneMs = 15_000;
const resumeMs = 30_000;

type Taking = NonNullable<Layers['taking']>;

/** Errors: `invalid`, `refused` where the wish and the vm do not go together; `unavailable` without a guest agent. */
export function requireTakeable({ file, running }: Hands, asked: Asked): void {
  const { name, hardware } = file.definition;
  const { memory, quiesce } = asked;
  if (!memory && !quiesce) return;
  if (running === undefined) {
    throw new Fault('refused', `${name} is off: it has no memory and no guest to ask`, {
      hint: 'take the snapshot without memory and without quiescing',
    });
  }
  if (memory && quiesce) {
    throw new Fault('invalid', 'a snapshot is either with memory or quiesced', {
      hint: 'with memory nothing needs to be flushed: the guest goes on with all that it had',
    });
  }
  if (quiesce && file.state !== 'running') {
    throw new Fault('refused', `the guest of ${name} is paused and cannot flush its file systems`, {
      hint: 'resume it first, or take the snapshot without quiescing',
    });
  }
  const shared = hardware.disks.find((disk) => disk.shared);
  if (!memory || shared === undefined) return;
  throw new Fault('refused', `the disk ${placeName(shared)} of ${name} is shared with other vms`, {
    hint: 'take the snapshot without memory: what the guest knows of a shared disk would not fit it later',
  });
}

/**
 * As `disks`, all at one instant; without a snapshot new layers alone, which merge again. The record of the snapshot is complete but for the size of its memory. Errors: `refused`
 * where there is neither a disk nor memory to keep; those of what it does.
 */
export async function takeLive(
  hands: Hands,
  snapshot: SnapshotRecord | null,
  disks: readonly Disk[],
  suffix: string,
): Promise<void> {
  const running = present(hands.running, 'the process of a live machine');
  const { storage } = hands.host.driver;
  const { layers, definition } = hands.file;
  if (disks.length === 0 && snapshot !== null && snapshot.memory === null)
    throw new Fault('refused', `${definition.name} has no disk that a snapshot could keep`, {
      hint: 'take the snapshot with memory, or of the vm while it is off: then its settings are kept',
    });
  const named = nameTops(layers, disks, suffix);
  const tops = named.map(({ disk, layer, on }) => ({ disk: disk.file, layer, on: on.file }));
  const unfinished = [...named.map(({ layer }) => layer), ...(snapshot ? [snapshot.state] : [])];
  hands.set({
    layers: {
      ...layers,
      taking: { snapshot, tops },
      standing: hands.file.state === 'running',
      unfinished: unfinished.map((file) => ({ file, mode: null })),
    },
  });
  await hands.persist();
  try {
    if (snapshot !== null) await storage.layers.keepState(hands.file, snapshot.state);
    for (const { disk, layer, on } of named) {
      const { sizeBytes } = await running.layers.readTop(disk);
      await storage.layers.make(hands.file, layer, on, sizeBytes);
    }
    const { firmware, tpm } = definition.hardware;
    const hasState = firmware.type === 'uefi' || tpm;
    const memory = snapshot?.memory ?? null;
    const state = snapshot?.state;
    await running.layers.take({
      tops: named,
      quiesce: snapshot?.quiesced === true ? 'guest' : 'no',
      memoryPath:
        memory === null || state === undefined
          ? null
          : storage.layers.memoryPath(hands.file, state),
      atRest:
        hasState && state !== undefined ? () => storage.layers.keepState(hands.file, state) : null,
      signal: hands.signal,
      onProgress: (part) => hands.progress(part, memory === null ? null : 'keeping the memory'),
    });
  } catch (error) {
    await settleTaking(hands);
    await mergeLayers(hands).catch(() => undefined);
    throw error;
  }
  await settleTaking(hands);
}

/** The snapshot is there or it is not, and nothing is left over: also of an agent before this one. */
export async function settleTaking(hands: Hands): Promise<void> {
  try {
    await settle(hands);
  } catch (error) {
    if (hands.running !== undefined && !isFault(error, 'unavailable')) throw error;
    // Of a process that is on its way out the files tell as soon as it has gone.
    await hands.untilEnded(goneMs);
    await settle(hands);
  }
}

async function settle(hands: Hands): Promise<void> {
  const { taking } = hands.file.layers;
  if (taking === null) return;
  const { running } = hands;
  if (running !== undefined && taking.snapshot?.quiesced) await running.layers.thaw();
  const after = (await wasPutOnTop(hands, taking)) ? await adopt(hands, taking) : undefined;
  if (after === undefined && running !== undefined) await closeNew(hands, taking);
  const before = hands.file.layers;
  const layers = after ?? before;
  const unfinished = [...before.unfinished, ...(after ? leftBy(before, after) : [])];
  hands.set({ layers: { ...layers, taking: null, unfinished } });
  await hands.persist();
  await letStand(hands);
  await tidyLayers(hands);
}

/** A guest that stood still for a change of layers runs again. */
export async function letStand(hands: Hands): Promise<void> {
  if (!hands.file.layers.standing) return;
  // Whatever interrupts the work: it does not leave the guest standing.
  await hands.running?.resume(AbortSignal.timeout(resumeMs));
  hands.set({ layers: { ...hands.file.layers, standing: false } });
}

async function wasPutOnTop(hands: Hands, { snapshot, tops }: Taking): Promise<boolean> {
  const { storage } = hands.host.driver;
  const { running, file } = hands;
  // Without disks it is there when its memory is.
  if (tops.length === 0 && snapshot !== null)
    return (await storage.layers.memoryBytes(file, snapshot.state)) !== null;
  for (const { disk, layer } of tops) {
    if (running !== undefined) {
      const { path } = await running.layers.readTop(diskOf(file, disk));
      if (path.endsWith(`/${layer}`)) return true;
    } else {
      const isThere = typeof (await storage.layers.readSeal(file, layer)) === 'object';
      if (isThere && !(await storage.layers.isBlank(file, layer))) return true;
    }
  }
  return false;
}

/** With the new layers on top, and with the snapshot where it is whole. */
async function adopt(hands: Hands, { snapshot, tops }: Taking): Promise<Layers> {
  const { storage } = hands.host.driver;
  const { file } = hands;
  const sealed = await Promise.all(
    tops.map(async ({ disk, layer, on }): Promise<SealedTop> => {
      await hands.running?.layers.letGo(diskOf(file, disk), on);
      const seal = await storage.layers.readSeal(file, on);
      if (typeof seal === 'string')
        throw new Fault('corrupt', `the disk ${on}, on which ${layer} lies, is ${seal}`);
      const own = diskOf(file, disk);
      const top = topOf(file.layers, own);
      return { disk: own, layer, on: { file: on, format: top.format }, seal };
    }),
  );
  const layers = putOnTop(file.layers, sealed);
  if (snapshot === null) return layers;
  const { memory, state } = snapshot;
  if (memory === null) return withSnapshot(layers, snapshot);
  const sizeBytes = await storage.layers.memoryBytes(file, state);
  if (sizeBytes === null) return layers;
  return withSnapshot(layers, { ...snapshot, memory: { ...memory, sizeBytes } });
}

export function withSnapshot(layers: Layers, snapshot: SnapshotRecord): Layers {
  return { ...layers, snapshots: [...layers.snapshots, snapshot], position: snapshot.id };
}

async function closeNew({ running, file }: Hands, { tops }: Taking): Promise<void> {
  for (const { disk, layer } of tops) await running?.layers.close(diskOf(file, disk), layer);
}

function diskOf({ definition }: MachineFile, own: string): Disk {
  const disk = definition.hardware.disks.find(({ file }) => file === own);
  assert(disk !== undefined, 'a disk stays while something lies on it');
  return disk;
}

/** What the memory of a process belongs to; its size is known when it is whole. */
export function memoryOf(file: MachineFile, taken: Asked): SnapshotRecord['memory'] {
  if (!taken.memory) return null;
  const { startedWith, definition, pluggedMemory } = file;
  const other = startedWith === definition ? null : startedWith;
  return { sizeBytes: 0, startedWith: other, pluggedMemory };
}

export function stateNow({ state }: MachineFile): SnapshotRecord['takenWhile'] {
  return state === 'running' || state === 'paused' ? state : 'off';
}
