/**
 * What stands against a raw device at a start (DISK-15): it is to be there, entire, the drive that was attached, and nobody
 * else's at this moment. Nothing is written.
 */
import { placeName, type Disk } from '#api';
import { describeFault, formatBytes, isFault, toFault } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { realPath } from '../../storage/allowed.ts';
import { readDrive, type DriveFacts } from '../../storage/drive-facts.ts';
import { claimDrive, releaseMs } from '../../storage/drives.ts';
import type { Obstacle } from '../driver.ts';

export async function judgeRawDevice(
  disk: Disk,
  live: readonly MachineFile[],
): Promise<readonly Obstacle[]> {
  const device = placeName(disk);
  const about = { device, hostPath: disk.file };
  const what = `the raw device ${device} (${disk.file})`;
  let drive: DriveFacts;
  try {
    drive = await readDrive(disk.file);
  } catch (error) {
    const text = `${what} is not available: ${describeFault(error)}`;
    const remedy = toFault(error).hint ?? 'connect the drive, or detach it from the vm';
    return [{ code: 'device-missing', text, remedy, about }];
  }
  const changed = judgeIdentity(disk, drive);
  if (changed !== undefined) {
    const text = `${what} is another drive than the one that was attached: ${changed}`;
    const remedy = 'connect the drive that it was, or detach it and attach the one that is there';
    return [{ code: 'device-changed', text, remedy, about }];
  }
  if (drive.readOnly && !disk.readOnly) {
    const text = `${what} is write-protected`;
    return [{ code: 'disk-write-protected', text, remedy: 'attach it read-only', about }];
  }
  const user = await findVm(disk, live);
  if (user !== undefined) {
    const text = `${what} is in use by ${user}`;
    return [{ code: 'device-in-use', text, remedy: `stop ${user} first`, about }];
  }
  if (drive.usedBy !== null) {
    const text = `the host itself uses ${what}: ${drive.usedBy}`;
    const remedy = 'unmount it, or take it out of what is made of it; see that with: lsblk';
    return [{ code: 'device-in-use', text, remedy, about }];
  }
  return await tryClaim(disk, what, about);
}

/** In words what differs. What it did not say when it was attached is not asked of it. */
function judgeIdentity(disk: Disk, now: DriveFacts): string | undefined {
  if (disk.sizeBytes !== now.sizeBytes)
    return `it has ${formatBytes(now.sizeBytes)}, and had ${formatBytes(disk.sizeBytes)}`;
  const { drive } = disk;
  if (drive === undefined || drive === '' || drive === now.identity) return undefined;
  return `it is ${now.identity || 'a drive without a number'}, and was ${drive}`;
}

async function findVm(disk: Disk, live: readonly MachineFile[]): Promise<string | undefined> {
  const real = await realPath(disk.file);
  for (const { startedWith, definition } of live) {
    const { name, hardware } = startedWith ?? definition;
    for (const { kind, file } of hardware.disks)
      if (kind === 'device' && (await realPath(file)) === real) return name;
  }
  return undefined;
}

/** The kernel has the last word: a claim is refused while anything has a claim on the drive or a part of it. */
async function tryClaim(
  disk: Disk,
  what: string,
  about: NonNullable<Obstacle['about']>,
): Promise<readonly Obstacle[]> {
  try {
    await using _held = await claimDrive(disk.file, { access: 'read-only', waitMs: releaseMs });
    return [];
  } catch (error) {
    const inUse = isFault(error, 'refused') && error.message.endsWith('it is in use');
    return [
      {
        code: inUse ? 'device-in-use' : 'device-unreadable',
        text: inUse ? `something on the host uses ${what}` : `${what}: ${describeFault(error)}`,
        remedy: inUse
          ? 'end what has it open; see that with: lsblk'
          : 'let the agent read and write it',
        about,
      },
    ];
  }
}
