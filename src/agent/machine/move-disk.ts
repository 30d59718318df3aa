/**
 * A disk of a machine whose process is there goes to another file while the guest works: all of it is
 * copied, what is written meanwhile follows, and the guest goes on in the new file.
 *
 *   record: moving -> empty disk made -> copy, until both are equal -> guest stands still -> new file on top
 *     -> record: moved -> guest runs -> old file goes
 *
 * Whoever is cut off in between asks the process which file the disk is on. Where it has gone it was the old one: from the
 * last write to that on, until the record says `moved`, the guest stands still. Of a disk that is served to the process both
 * files are, under two names, which the record has (docs/rfd/0027).
 */
import { isNative, type Disk, type VmDefinition } from '#api';
import { Fault, formatBytes, isFault, present, systemClock } from '#lib';
import type { Travel } from '../drivers/files.ts';
import { diskId, exportOf } from '../drivers/qemu/spec/devices.ts';
import type { Hands } from './hands.ts';
import { requireLayersKept } from './layers/keep-layers.ts';
import { letStand } from './layers/live-snapshot.ts';
import type { MachineFile } from './record.ts';

const goneMs = 15_000;
/** How often the record is tried to be written while the guest stands still. */
const recordAttempts = 30;
const recordPauseMs = 1_000;

type Moving = NonNullable<MachineFile['moving']>;

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
function isThere(
  { definition }: MachineFile,
  { from, to }: Pick<DiskMove, 'from' | 'to'>,
): boolean {
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
  requireLayersKept(file, definition.hardware.disks);
  const after = { ...file, definition };
  const others = host.others(file.definition.id);
  const [plan] = await travel.planMove(file, after, [{ from, to }], others);
  const { from: fromPath, to: toPath } = present(plan, 'where the disk goes');
  const served = isNative(disk) ? null : await planTwin(hands, disk, to);
  // What has the name already is somebody else's, and not to be removed by whoever finds the record.
  for (const path of served?.to.files ?? [toPath])
    if ((await storage.layers.countNames(file, path)) > 0) await travel.claimFile(path);
  await requireRoom(hands, served?.from.files ?? [from], to);
  const { sizeBytes } = await present(hands.running, 'a process').layers.readTop(disk);
  const made = newFiles({ toPath, served });
  try {
    hands.set({ moving: { from, to, fromPath, toPath, definition, definitionVersion, served } });
    await hands.persist();
    await travel.claimFile(toPath);
    await travel.remove(made);
    const fresh = { kind: 'new', file: to, sizeBytes } as const;
    if (isNative(disk))
      await storage.createDisk(file, { ...fresh, format: disk.format }, hands.signal);
    else await storage.twins?.make(file, disk, to);
  } catch (error) {
    hands.set({ moving: null });
    // What came to have the name meanwhile is somebody else's, too.
    if (!isFault(error, 'exists')) await travel.remove(made);
    await hands.persist();
    throw error;
  }
}

/** What the new disk is, and what its first file is called until that is whole. */
function newFiles({ toPath, served }: Pick<Moving, 'toPath' | 'served'>): string[] {
  return [...(served?.to.files ?? [toPath]), `${toPath}.part`];
}

/** Errors: `refused` for a disk that no empty one is made like. */
async function planTwin({ host, file }: Hands, disk: Disk, to: string): Promise<Moving['served']> {
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

/**
 * The guest stands still until the record is on the disk: what it writes from then on is in the new file alone. `moving` stays
 * in it until nothing has the old file open.
 */
async function noteMoved(hands: Hands): Promise<void> {
  const { moving, startedWith, servedAs } = hands.file;
  if (moving === null || isThere(hands.file, moving)) return;
  const { from, to, definition, definitionVersion, served } = moving;
  await hands.running?.layers.goOn(diskOf(hands.file, from), to);
  const others = servedAs.filter(({ disk }) => disk !== from);
  hands.set({
    definition,
    definitionVersion,
    startedWith: startedWith === null ? null : withFile(startedWith, from, to),
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

function withFile(definition: VmDefinition, from: string, to: string): VmDefinition {
  const { hardware } = definition;
  const disks = hardware.disks.map((disk) => (disk.file === from ? { ...disk, file: to } : disk));
  return { ...definition, hardware: { ...hardware, disks } };
}

async function endMove(hands: Hands, travel: Travel): Promise<void> {
  const { moving } = hands.file;
  if (moving === null) return;
  const { from, to, fromPath, served } = moving;
  await hands.persist();
  await hands.running?.layers.leave(diskOf(hands.file, to), from);
  await hands.host.driver.storage.writeDefinition(hands.file);
  await travel.remove(served?.from.files ?? [fromPath]);
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
    if (await running.layers.isOn(disk, moving.to)) {
      await noteMoved(hands);
      await letStand(hands);
      return endMove(hands, travel);
    }
    if (copy === 'keep' && (await running.layers.isMirroring(disk, moving.to))) return;
    await running.layers.endMirror(disk, moving.to);
  }
  await travel.remove(newFiles(moving));
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
