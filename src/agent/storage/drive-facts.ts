/**
 * What a drive of the host says of itself, and what of the host uses it, for raw devices (DISK-15): read from sysfs and
 * proc, without opening it (sysfs-block, proc_pid_mountinfo(5), proc_swaps(5)).
 */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { realPath } from './allowed.ts';
import { findDrive, type Drive } from './drives.ts';

/** Names that udev gives to drives after what they say of themselves (systemd's 60-persistent-storage.rules). */
const namesFolder = '/dev/disk/by-id';
const maxNames = 4096;
const maxIdentity = 200;

/** Which of several names of a drive says most, the best first. */
const bestNames = [
  /^wwn-/,
  /^nvme-(eui|uuid|nvme)\./,
  /^nvme-/,
  /^scsi-/,
  /^ata-/,
  /^virtio-/,
  /^usb-/,
];

/** Files in a drive's folder of sysfs that hold a name of its own, and what each is. A loop device is the file below it. */
const identities = [
  ['wwid', 'wwn'],
  ['device/wwid', 'wwn'],
  ['serial', 'serial'],
  ['device/serial', 'serial'],
  ['loop/backing_file', 'file'],
] as const;

export interface DriveFacts {
  readonly sizeBytes: number;
  /** Where it has one a name that it keeps whatever else is plugged in, else the one that was asked for. */
  readonly path: string;
  /** `wwn naa.5000c500a1b2c3d4`; empty where it says nothing. */
  readonly identity: string;
  /** In words; null: nothing of the host does. */
  readonly usedBy: string | null;
  /** Nobody can write it. */
  readonly readOnly: boolean;
}

/** Errors: as `findDrive`. */
export async function readDrive(device: string): Promise<DriveFacts> {
  const drive = await findDrive(device);
  return {
    sizeBytes: drive.sizeBytes,
    path: await stableName(device, drive.path),
    identity: await readIdentity(drive.sysfs),
    usedBy: (await findUse(drive)) ?? null,
    readOnly: (await readFile(join(drive.sysfs, 'ro'), 'utf8').catch(() => '0')).trim() === '1',
  };
}

/** One that names the drive by what it says of itself stays as it is. */
export async function stableName(
  device: string,
  path: string,
  folder: string = namesFolder,
): Promise<string> {
  if (device.startsWith(`${folder}/`)) return device;
  const found: string[] = [];
  const entries = await readdir(folder).catch(() => []);
  for (const name of entries.slice(0, maxNames))
    if ((await realpath(join(folder, name)).catch(() => '')) === path) found.push(name);
  const rank = (name: string): number => {
    const at = bestNames.findIndex((pattern) => pattern.test(name));
    return at < 0 ? bestNames.length : at;
  };
  const [best] = found.sort((one, other) => rank(one) - rank(other) || one.localeCompare(other));
  return best === undefined ? device : join(folder, best);
}

export async function readIdentity(sysfs: string): Promise<string> {
  for (const [file, what] of identities) {
    const text = await readFile(join(sysfs, file), 'utf8').catch(() => '');
    // Drives fill what they say with spaces, and some say what no text has.
    const said = text.replaceAll(/[^\x21-\x7e]+/g, ' ').trim();
    if (said !== '') return `${what} ${said}`.slice(0, maxIdentity);
  }
  return '';
}

/** A mounted file system, swap space, or what the kernel makes out of it, on the drive or one of its partitions. */
async function findUse({ path, number, sysfs }: Drive): Promise<string | undefined> {
  const own = new Map([[number, basename(path)]]);
  const folders = [sysfs];
  for (const entry of await readdir(sysfs).catch(() => [])) {
    const folder = join(sysfs, entry);
    const [isPartition, device] = await Promise.all([
      readFile(join(folder, 'partition'), 'utf8').catch(() => ''),
      readFile(join(folder, 'dev'), 'utf8').catch(() => ''),
    ]);
    if (isPartition === '') continue;
    own.set(device.trim(), entry);
    folders.push(folder);
  }
  return (await findMount(own)) ?? (await findSwap(own)) ?? (await findHolder(folders));
}

async function findMount(own: ReadonlyMap<string, string>): Promise<string | undefined> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  for (const line of mounts.split('\n')) {
    const [, , number = '', , point = ''] = line.split(' ');
    const name = own.get(number);
    if (name !== undefined) return `${name} is mounted at ${point}`;
  }
  return undefined;
}

async function findSwap(own: ReadonlyMap<string, string>): Promise<string | undefined> {
  const swaps = await readFile('/proc/swaps', 'utf8').catch(() => '');
  for (const line of swaps.split('\n').slice(1)) {
    const [file = ''] = line.split(/\s+/);
    if (!file.startsWith('/dev/')) continue;
    const real = basename(await realPath(file));
    const name = [...own.values()].find((one) => one === real);
    if (name !== undefined) return `${name} is swap space`;
  }
  return undefined;
}

async function findHolder(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const [holder] = await readdir(join(folder, 'holders')).catch(() => []);
    if (holder === undefined) continue;
    const named = await readFile(join(folder, 'holders', holder, 'dm/name'), 'utf8').catch(
      () => '',
    );
    return `${named.trim() || holder} is made of it`;
  }
  return undefined;
}
