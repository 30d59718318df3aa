/**
 * The drivers of virtual hardware for Windows, out of the CD that the virtio-win project gives out
 * (virtio-win.iso): DRIVER/VERSION/ARCHITECTURE/files, and the guest agent's installers. Users have it; it is not
 * shipped with Gantry.
 *
 * Invariant: of a file from outside only what has these names is taken, bounded in number and bytes.
 */
import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib';
import { readIsoFiles } from '../iso.ts';

export type Architecture = 'x86' | 'amd64' | 'ARM64';

/** One driver for one version of Windows. */
export interface WindowsDriver {
  /** `viostor`, as its folder is called. */
  readonly driver: string;
  /** `w10`, `2k22`, `xp`, as virtio-win calls them. */
  readonly version: string;
  readonly architecture: Architecture;
  readonly files: readonly { readonly name: string; readonly data: Buffer }[];
}

export interface DriverIso {
  readonly drivers: readonly WindowsDriver[];
  /** Installers of the QEMU guest agent and the licence, by their paths on the CD. */
  readonly others: ReadonlyMap<string, Buffer>;
}

/** Of the hardware that Gantry's machines have, by what it is for. Storage comes first. */
export const driverNames = {
  viostor: 'virtio disks',
  vioscsi: 'virtio SCSI disks',
  NetKVM: 'virtio network adapters',
  vioserial: 'the channel of the guest agent',
  Balloon: 'memory balloon',
  viorng: 'random source',
  viomem: 'hot-plugged memory',
  pvpanic: 'telling of a crash',
  viogpudo: 'virtio graphics',
} as const;

const maxBytes = 512 * 1024 * 1024;
const maxFiles = 5_000;
const driverPath = new RegExp(
  `^(${Object.keys(driverNames).join('|')})/([\\w.]{1,16})/(x86|amd64|ARM64)/([\\w.-]{1,64})$`,
);
const otherPath = /^(guest-agent\/qemu-ga-(i386|x86_64)\.msi|virtio-win_license\.txt)$/;
/** For people who look for faults in drivers: most of the CD. */
const notNeeded = /\.(pdb|doc|docx|map)$/i;

/** Where the packages of distributions and other products put it. */
export const driverFolders = [
  '/usr/share/virtio-win',
  '/usr/share/virtio',
  '/var/lib/libvirt/images',
  '/var/lib/vz/template/iso',
] as const;
const isoName = /^virtio-win[\w.-]{0,60}\.iso$/;

/** Errors: `not-found`, `corrupt` for what is no CD, `invalid` for one without drivers in this layout, `too-large`. */
export async function readDriverIso(path: string, signal?: AbortSignal): Promise<DriverIso> {
  const wants = (file: string): boolean =>
    (driverPath.test(file) && !notNeeded.test(file)) || otherPath.test(file);
  const found = await readIsoFiles(path, { wants, maxBytes, maxFiles }, signal);
  const drivers = new Map<string, WindowsDriver & { files: { name: string; data: Buffer }[] }>();
  const others = new Map<string, Buffer>();
  for (const [file, data] of found) {
    const [, driver, version, architecture, name] = driverPath.exec(file) ?? [];
    if (driver === undefined || version === undefined || name === undefined) {
      others.set(file, data);
      continue;
    }
    const key = `${driver}/${version}/${architecture}`;
    const one = drivers.get(key) ?? {
      driver,
      version,
      architecture: architecture as Architecture,
      files: [],
    };
    one.files.push({ name, data });
    drivers.set(key, one);
  }
  if (drivers.size === 0) {
    throw new Fault('invalid', `${path} has no drivers for Windows`, {
      hint: 'name the CD of the virtio-win project: virtio-win.iso',
    });
  }
  return { drivers: [...drivers.values()], others };
}

/**
 * The CD where one can be expected: in the folders given and where packages put it. Of several the one with the
 * highest version in its name. Errors: `not-found`, with where to get it.
 */
export async function findDriverIso(folders: readonly string[] = []): Promise<string> {
  for (const folder of [...folders, ...driverFolders]) {
    const names = await readdir(folder).catch(() => []);
    const [newest] = names
      .filter((name) => isoName.test(name))
      .toSorted((one, other) => other.localeCompare(one, 'en', { numeric: true }));
    if (newest !== undefined) return join(folder, newest);
  }
  throw new Fault('not-found', 'there is no virtio-win.iso with the drivers for Windows', {
    hint: 'install the package virtio-win, or put the file of the virtio-win project into the search path of the host',
  });
}

/** What tells one such CD from another without reading all of it: its size, and its descriptors (ECMA-119, 8). */
export async function fingerprintDriverIso(path: string): Promise<string> {
  const file = await open(path).catch((cause: unknown) => {
    throw new Fault('not-found', `cannot open ${path}`, { cause });
  });
  await using _ = file;
  const head = Buffer.alloc(64 * 1024);
  const { bytesRead } = await file.read(head, 0, head.length, 16 * 2048);
  const { size, mtimeMs } = await stat(path);
  return createHash('sha256')
    .update(`${size} ${Math.floor(mtimeMs)} `)
    .update(head.subarray(0, bytesRead))
    .digest('hex');
}
