/**
 * Volumes that fill up under the disks of machines (DISK-49 to DISK-53): which disks may still grow on one that has too
 * little left, pausing their machine before a write fails, and letting it go on.
 */
import { lowSpaceRule, placeName, thresholdBytes, type LowSpaceRule } from '#api';
import { Fault, formatBytes, isoTime, miB } from '#lib';
import type { Hands, MachineHost } from './hands.ts';
import type { MachineFile } from './record.ts';

export interface VolumeSpace {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export interface Shortage {
  readonly volume: string;
  readonly freeBytes: number;
  readonly neededBytes: number;
  /** Place of a disk that may still grow there. */
  readonly device: string;
  readonly resume: LowSpaceRule['resume'];
}

/** Below it nothing can be written, whatever the threshold. */
const leastBytes = miB;

/** Whether less is free than the threshold says. */
export function isBelow(
  host: Pick<MachineHost, 'settings'>,
  volume: VolumeSpace,
  which: 'warn' | 'pause',
): boolean {
  const rule = lowSpaceRule(host.settings.lowSpace, volume.path);
  const least = which === 'pause' ? leastBytes : 0;
  return volume.freeBytes < Math.max(thresholdBytes(rule[which], volume.totalBytes), least);
}

/** The first of the volumes on which a disk of the machine may still grow. */
export async function findShortage(
  host: Pick<MachineHost, 'settings' | 'driver'>,
  file: MachineFile,
  volumes: readonly VolumeSpace[],
): Promise<Shortage | undefined> {
  for (const volume of volumes) {
    const [disk] = (await host.driver.storage.growingOn?.(volume.path, file)) ?? [];
    if (disk === undefined) continue;
    const { pause, resume } = lowSpaceRule(host.settings.lowSpace, volume.path);
    return {
      volume: volume.path,
      freeBytes: volume.freeBytes,
      neededBytes: thresholdBytes(pause, volume.totalBytes),
      device: placeName(disk),
      resume,
    };
  }
  return undefined;
}

/** DISK-50: before a write can fail. One that somebody forced to go on does. */
export async function pauseForSpace(hands: Hands, shortage: Shortage): Promise<void> {
  const { running, file } = hands;
  if (running === undefined || file.state !== 'running' || file.noSpace?.forced) return;
  await running.pause(hands.signal);
  const { volume, freeBytes, device } = shortage;
  hands.enter('paused', {
    noSpace: { volume, forced: false },
    lastFault: {
      at: isoTime(hands.host.clock.now()),
      code: 'exhausted',
      message: `paused: the volume ${volume} has ${formatBytes(freeBytes)} left`,
    },
  });
  hands.emit('vm.disk.space-exhausted', { device, volume, freeBytes });
  await hands.persist();
}

/** Errors: `refused` with the figures while there is no room (DISK-52). */
export async function requireSpace({ host, file }: Hands): Promise<void> {
  if (file.noSpace === null) return;
  const volumes = await host.driver.storage.volumes([file.noSpace.volume]);
  const short = volumes.filter((volume) => isBelow(host, volume, 'pause'));
  const shortage = await findShortage(host, file, short);
  if (shortage === undefined) return;
  const { volume, freeBytes, neededBytes } = shortage;
  const figures = `${formatBytes(freeBytes)} are free, ${formatBytes(neededBytes)} are needed`;
  throw new Fault('refused', `the volume ${volume} has too little space: ${figures}`, {
    facts: { freeBytes, neededBytes },
    hint: 'free space on that volume; or resume it with --force, until a write fails',
  });
}
