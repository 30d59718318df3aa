/**
 * A disk of a machine whose process is there goes to another file while the guest works: all of it is
 * copied, what is written meanwhile follows, and the guest goes on in the new file.
 *
 *   record: moving -> empty disk made -> copy, until both are equal -> guest stands still -> new file on top
 *     -> record: moved -> guest runs -> old file goes
 *
 * Whoever is cut off in between asks the process which file the disk is on. Where it has gone it was the old one: from the
 * last write to that on, until the record says `moved`, the guest stands still.
 */
import { isNative, type Disk, type VmDefinition } from '#api';
import { Fault, formatBytes, isFault, present, systemClock } from '#lib';
import type { Travel } from '../drivers/files.ts';
import type { Hands } from './hands.ts';
import { requireLayersKept } from './layers/keep-layers.ts';
import { letStand } from './layers/live-snapshot.ts';
import type { MachineFile } from './record.ts';

const goneMs = 15_000;
/** How often the record is tried to be written while the guest stands still. */
const recordAttempts = 30;
const recordPauseMs = 1_000;

export interface DiskMove {
  /** As the definition names them. */
  readonly from: string;
  readonly to: string;
  /** With the disk in its new place. */
  readonly definition: VmDefinition;
  readonly definitionVersion: number;
}

/** Goes on with a move to that file that an agent before this one began. Errors: `exists`, `exhausted`, `cancelled`, `unsupported`, `refused` while another vm uses the disk; it stays where it is. */
export async function moveDisk(hands: Hands, travel: Travel, move: DiskMove): Promise<void> {
  const running = present(hands.running, 'the process of a live machine');
  if (!(await isUnderWay(hands, move))) {
    await settleMoving(hands);
    if (isThere(hands.file, move)) return;
    await begin(hands, travel, move);
  }
  const disk = diskOf(hands.file, move.from);
  try {
    await running.layers.mirror({
      disk,
      to: move.to,
      limit: () => hands.host.settings.liveMergeBytesPerSecond ?? 0,
      signal: hands.signal,
      goesOn: () => hands.leaving,
      onProgress: (part) => hands.progress(part, `copying ${move.from}`),
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
function isThere({ definition }: MachineFile, { from, to }: DiskMove): boolean {
  const files = new Set(definition.hardware.disks.map(({ file }) => file));
  return files.has(to) && !files.has(from);
}

async function isUnderWay({ file, running }: Hands, { from, to }: DiskMove): Promise<boolean> {
  if (file.moving?.from !== from || file.moving.to !== to || running === undefined) return false;
  return await running.layers.isMirroring(diskOf(file, from), to);
}

async function begin(
  hands: Hands,
  travel: Travel,
  { from, to, definition, definitionVersion }: DiskMove,
): Promise<void> {
  const { host, file } = hands;
  const { storage } = host.driver;
  const disk = diskOf(file, from);
  if (!isNative(disk))
    throw new Fault('unsupported', `a ${disk.format} disk is moved while the vm is off or paused`);
  requireLayersKept(file, definition.hardware.disks);
  const after = { ...file, definition };
  const others = host.others(file.definition.id);
  const [plan] = await travel.planMove(file, after, [{ from, to }], others);
  const { from: fromPath, to: toPath } = present(plan, 'where the disk goes');
  // What has the name already is somebody else's, and not to be removed by whoever finds the record.
  if ((await storage.layers.countNames(file, to)) > 0) await travel.claimFile(toPath);
  await requireRoom(hands, from, to);
  const { sizeBytes } = await present(hands.running, 'a process').layers.readTop(disk);
  try {
    hands.set({ moving: { from, to, fromPath, toPath, definition, definitionVersion } });
    await hands.persist();
    await travel.claimFile(toPath);
    await travel.remove([toPath]);
    const fresh = { kind: 'new', file: to, format: disk.format, sizeBytes } as const;
    await storage.createDisk(file, fresh, hands.signal);
  } catch (error) {
    hands.set({ moving: null });
    // What came to have the name meanwhile is somebody else's, too.
    if (!isFault(error, 'exists')) await travel.remove([toPath]);
    await hands.persist();
    throw error;
  }
}

/** Errors: `exhausted` with the figures. */
async function requireRoom({ host, file }: Hands, from: string, to: string): Promise<void> {
  const { layers } = host.driver.storage;
  const neededBytes = await layers.sizeOf(file, from);
  const freeBytes = await layers.freeBytes(file, to);
  if (freeBytes >= neededBytes) return;
  const figures = `${formatBytes(neededBytes)} are needed, ${formatBytes(freeBytes)} are free`;
  throw new Fault('exhausted', `the volume of ${to} has too little space: ${figures}`, {
    facts: { neededBytes, freeBytes },
    hint: 'free space on that volume, or choose another one',
  });
}

/** The guest stands still until the record is on the disk: what it writes from then on is in the new file alone. */
async function noteMoved(hands: Hands): Promise<void> {
  const { moving, startedWith, leftovers } = hands.file;
  if (moving === null) return;
  const { from, to, fromPath, definition, definitionVersion } = moving;
  hands.set({
    definition,
    definitionVersion,
    startedWith: startedWith === null ? null : withFile(startedWith, from, to),
    moving: null,
    leftovers: [...leftovers, fromPath],
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

function withFile(definition: VmDefinition, from: string, to: string): VmDefinition {
  const { hardware } = definition;
  const disks = hardware.disks.map((disk) => (disk.file === from ? { ...disk, file: to } : disk));
  return { ...definition, hardware: { ...hardware, disks } };
}

async function endMove(hands: Hands, travel: Travel): Promise<void> {
  await hands.host.driver.storage.writeDefinition(hands.file);
  await travel.remove(hands.file.leftovers);
  hands.set({ leftovers: [] });
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
  const { running } = hands;
  const disk = diskOf(hands.file, moving.from);
  if (running !== undefined) {
    const { path } = await running.layers.readTop(disk);
    if (path === moving.toPath) {
      await noteMoved(hands);
      await letStand(hands);
      return endMove(hands, travel);
    }
    if (copy === 'keep' && (await running.layers.isMirroring(disk, moving.to))) return;
    await running.layers.endMirror(disk, moving.to);
  }
  await travel.remove([moving.toPath]);
  hands.set({ moving: null });
  await hands.persist();
}

function diskOf({ definition }: MachineFile, file: string): Disk {
  const disk = definition.hardware.disks.find((one) => one.file === file);
  if (disk !== undefined) return disk;
  throw new Fault('stale', `${file} is no disk of ${definition.name} any more`, {
    hint: 'look at the disks of the vm again',
  });
}
