/**
 * Entire drives of the host, for linked disks (DISK-13): block devices that the kernel does not make out of parts of
 * others, as partitions, logical volumes and arrays are. What a device is, sysfs tells by its number (sysfs-block).
 */
import { constants } from 'node:fs';
import { access, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib';
import { realPath } from './allowed.ts';

const sectorBytes = 512;

/** What a folder of this name in a device's own says of it. */
const parts: Readonly<Record<string, string>> = {
  partition: 'a partition',
  dm: 'a logical volume',
  md: 'an array of drives',
};

/** Errors: `not-found`; `invalid` for what is no drive or not an entire one. */
export async function driveBytes(device: string): Promise<number> {
  const path = await realPath(device);
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) throw new Fault('not-found', `there is no drive ${device}`);
  if (!path.startsWith('/dev/') || !stats.isBlockDevice())
    throw new Fault('invalid', `${device} is no drive`, { hint: 'see the drives with: lsblk -d' });
  const sysfs = `/sys/dev/block/${major(stats.rdev)}:${minor(stats.rdev)}`;
  for (const [name, what] of Object.entries(parts)) {
    if (!(await isThere(join(sysfs, name)))) continue;
    throw new Fault('invalid', `${device} is ${what}; a linked disk is an entire drive`, {
      hint: 'name the drive itself; see the drives with: lsblk -d',
    });
  }
  const sectors = Number(await readFile(join(sysfs, 'size'), 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(sectors) || sectors <= 0)
    throw new Fault('invalid', `the drive ${device} has no medium`);
  return sectors * sectorBytes;
}

/** A drive that nobody mounts or opens for himself while it is held. Errors: as above; `refused` while it is in use. */
export async function claimDrive(
  device: string,
): Promise<AsyncDisposable & { readonly sizeBytes: number }> {
  const sizeBytes = await driveBytes(device);
  try {
    // On a block device O_EXCL without O_CREAT claims it (open(2)).
    const handle = await open(await realPath(device), constants.O_RDONLY | constants.O_EXCL);
    return { sizeBytes, [Symbol.asyncDispose]: () => handle.close() };
  } catch (cause) {
    const inUse = (cause as NodeJS.ErrnoException).code === 'EBUSY';
    throw new Fault('refused', `cannot read ${device}${inUse ? ': it is in use' : ''}`, {
      cause,
      hint: inUse ? 'unmount its file systems first; see them with: lsblk' : undefined,
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The numbers in a dev_t as the C library packs them (makedev(3)). */
function major(device: number): number {
  const number = BigInt(device);
  return Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xffff_f000n));
}

function minor(device: number): number {
  const number = BigInt(device);
  return Number((number & 0xffn) | ((number >> 12n) & 0xffff_ff00n));
}
