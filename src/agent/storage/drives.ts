/**
 * Entire drives of the host, for linked disks (DISK-13) and raw devices (DISK-15): block devices that the kernel does not make out of parts of
 * others, as partitions, logical volumes and arrays are. What a device is, sysfs tells by its number (sysfs-block).
 */
import { constants } from 'node:fs';
import { access, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, systemClock } from '#lib';
import { realPath } from './allowed.ts';

const sectorBytes = 512;

/** What a folder of this name in a device's own says of it. */
const parts: Readonly<Record<string, string>> = {
  partition: 'a partition',
  dm: 'a logical volume',
  md: 'an array of drives',
};

/** A drive, by its own name. */
export interface Drive {
  /** With all links followed. */
  readonly path: string;
  /** Of the C library's makedev(3): `8:16`. */
  readonly number: string;
  /** Its folder in sysfs. */
  readonly sysfs: string;
  readonly sizeBytes: number;
}

/** Errors: `not-found`; `invalid` for what is no drive or not an entire one. */
export async function findDrive(device: string): Promise<Drive> {
  const path = await realPath(device);
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) throw new Fault('not-found', `there is no drive ${device}`);
  if (!path.startsWith('/dev/') || !stats.isBlockDevice())
    throw new Fault('invalid', `${device} is no drive`, { hint: 'see the drives with: lsblk -d' });
  const number = `${major(stats.rdev)}:${minor(stats.rdev)}`;
  const sysfs = `/sys/dev/block/${number}`;
  for (const [name, what] of Object.entries(parts)) {
    if (!(await isThere(join(sysfs, name)))) continue;
    throw new Fault(
      'invalid',
      `${device} is ${what}; a linked disk or raw device is an entire drive`,
      {
        hint: 'name the drive itself; see the drives with: lsblk -d',
      },
    );
  }
  const sectors = Number(await readFile(join(sysfs, 'size'), 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(sectors) || sectors <= 0)
    throw new Fault('invalid', `the drive ${device} has no medium`);
  return { path, number, sysfs, sizeBytes: sectors * sectorBytes };
}

/** Who ended a moment ago may still have it: the kernel puts the threads of a process away one after the other. */
export const releaseMs = 2_000;
const lookMs = 25;

export interface ClaimWish {
  readonly access: 'read-only' | 'read-write';
  /** How long one waits for somebody else to let go; 0: not at all. */
  readonly waitMs: number;
}

/**
 * A drive that nobody mounts or opens for himself while it is held, nor while a process that inherited it has it.
 * Errors: as `findDrive`; `refused` while it is in use.
 */
export async function claimDrive(
  device: string,
  { access, waitMs }: ClaimWish,
): Promise<AsyncDisposable & { readonly sizeBytes: number; readonly fd: number }> {
  const { path, sizeBytes } = await findDrive(device);
  const flags = access === 'read-only' ? constants.O_RDONLY : constants.O_RDWR;
  for (let leftMs = waitMs; ; leftMs -= lookMs) {
    try {
      // On a block device O_EXCL without O_CREAT claims it (open(2)).
      const handle = await open(path, flags | constants.O_EXCL);
      return { sizeBytes, fd: handle.fd, [Symbol.asyncDispose]: () => handle.close() };
    } catch (cause) {
      const inUse = (cause as NodeJS.ErrnoException).code === 'EBUSY';
      if (!inUse || leftMs <= 0)
        throw new Fault('refused', `cannot open ${device}${inUse ? ': it is in use' : ''}`, {
          cause,
          hint: inUse ? 'unmount its file systems first; see them with: lsblk' : undefined,
        });
      await systemClock.sleep(lookMs);
    }
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
