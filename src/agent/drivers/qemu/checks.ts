/**
 * What of files, devices and hardware stands against a start: everything at once, without any side effect
 * (VM-64, VM-69 to VM-76, VM-80).
 */
import { dirname } from 'node:path';
import { access, constants, stat } from 'node:fs/promises';
import { isNative, placeName, type Disk, type HostSettings, type Medium } from '#api';
import { describeFault, formatBytes, toFault, type Reason } from '#lib';
import { isLive } from '../../host/admission.ts';
import { topOf } from '../../machine/layers/layers.ts';
import type { MachineFile } from '../../machine/record.ts';
import { isInside, realPath } from '../../storage/allowed.ts';
import { fileIdentity } from '../../storage/file-identity.ts';
import { readVolume } from '../../storage/file-system.ts';
import type { ImageChecks } from '../../storage/image-checks.ts';
import type { Findings, Obstacle } from '../driver.ts';
import type { Account } from './confine/accounts.ts';
import { checkAdapters } from './check-adapters.ts';
import { judgeUsers } from './check-disk-users.ts';
import { borrowedPaths, judgeParents } from './check-parents.ts';
import { allows, findBarrier, isWriteProtected } from './confine/access.ts';
import { isThere, mappedDrives, mappedPorts, type MappedDevice } from './host-devices.ts';
import { judgeRawDevice } from './judge-raw-device.ts';
import { diskPaths, resolveFile } from './places.ts';
import { judgeServed } from './served/judge-served.ts';

export interface CheckedHost {
  readonly settings: HostSettings;
  /** Folders whose files this vm may use. */
  readonly folders: readonly string[];
  readonly qemuImg: string | undefined;
  readonly imageChecks: ImageChecks;
  /** Undefined: the process runs as the agent. */
  readonly account: Account | undefined;
}

export async function checkFiles(
  file: MachineFile,
  without: readonly string[],
  others: readonly MachineFile[],
  host: CheckedHost,
): Promise<Findings> {
  const { hardware } = file.definition;
  const findings = await checkAdapters(file, host);
  const live = others.filter(isLive);
  // A linked disk is a reason of its own.
  for (const disk of hardware.disks.filter(({ kind }) => kind !== 'linked')) {
    const isDevice = disk.kind === 'device';
    findings.reasons.push(
      ...(isDevice ? await judgeRawDevice(disk, live) : await checkDisk(file, disk, others, host)),
    );
  }
  findings.reasons.push(...(await checkSpace(file, host)));
  const drives = [
    ...hardware.opticalDrives.map((drive) => ({ place: placeName(drive), medium: drive.medium })),
    ...(hardware.floppy ? [{ place: 'floppy', medium: hardware.floppy.medium }] : []),
  ];
  for (const { place, medium } of drives) {
    findings.reasons.push(...(await checkMedium(file, place, medium, live, host, without)));
  }
  for (const mapped of mappedPorts(hardware)) {
    if (without.includes(mapped.hostPath)) continue;
    findings.reasons.push(...(await checkDevice(mapped, live)));
  }
  findings.reasons.push(...(await checkReach(file, host.account)));
  return findings;
}

async function checkDisk(
  file: MachineFile,
  disk: Disk,
  others: readonly MachineFile[],
  host: CheckedHost,
): Promise<Reason[]> {
  const [path, ...below] = diskPaths(file, disk);
  const what = `disk ${placeName(disk)} (${path})`;
  if (!(await isInside(path, host.folders))) return [outside('disk-outside', what)];
  const stats = await stat(path).catch(() => undefined);
  if (!stats) {
    return [
      { code: 'disk-missing', text: `${what} is not there`, remedy: 'put it back or detach it' },
    ];
  }
  const reasons: Reason[] = [];
  if (!disk.readOnly && !getsUndo(file, disk) && (await isWriteProtected(path))) {
    const text = `${what} is write-protected`;
    const remedy = 'attach a differencing disk above it, or attach it as read-only';
    reasons.push({ code: 'disk-write-protected', text, remedy });
  }
  reasons.push(...(await judgeParents(file, disk, { what, others, account: host.account })));
  const top = topOf(file.layers, disk);
  const question = {
    ...host,
    disk,
    format: top.format,
    what,
    path,
    below,
    file,
    others,
  };
  const served = isNative(disk) ? undefined : await judgeServed(question);
  reasons.push(...(served?.reasons ?? []));
  const parents = served?.parents ?? borrowedPaths(file, disk);
  reasons.push(...(await judgeUsers({ disk, what, paths: [path, ...below], parents, others })));
  if (host.qemuImg !== undefined && served === undefined && isNative(top)) {
    const query = { path, format: top.format, inUse: 'yes' } as const;
    try {
      await host.imageChecks.check(host.qemuImg, query, host.folders);
    } catch (error) {
      reasons.push({
        code: 'disk-unreadable',
        text: `${what} cannot be used: ${describeFault(error)}`,
        remedy: toFault(error).hint ?? 'restore it from a backup or detach it',
      });
    }
  }
  return reasons;
}

function outside(code: string, what: string): Reason {
  const text = `${what} is outside of the folders that vms may use`;
  return {
    code,
    text,
    remedy: "move it into the vm's folder, or add its folder to the host's search path",
  };
}

/** Its undo disk is made at the start: what lies below is only read. */
function getsUndo({ definition, layers }: MachineFile, disk: Disk): boolean {
  if (!definition.settings.undoDisks.enabled || disk.shared) return false;
  return layers.undo?.below.every((one) => one.disk !== disk.file) ?? true;
}

async function checkSpace(file: MachineFile, host: CheckedHost): Promise<Reason[]> {
  const writable = file.definition.hardware.disks.filter(
    ({ readOnly, kind }) => !readOnly && kind === undefined,
  );
  const paths = new Set([file.folder, ...writable.map((disk) => diskPaths(file, disk)[0])]);
  const least = host.settings.minimumFreeDiskBytes;
  const seen = new Set<number>();
  const reasons: Reason[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined);
    if (!stats || seen.has(stats.dev)) continue;
    seen.add(stats.dev);
    if (await isReadOnlyVolume(path)) {
      const text = `the volume of ${path} cannot be written`;
      const remedy = 'mount it for writing, or attach its disks as read-only';
      reasons.push({ code: 'disk-volume-read-only', text, remedy });
      continue;
    }
    const { freeBytes } = await readVolume(path);
    if (freeBytes >= least) continue;
    const text = `the volume of ${path} has ${formatBytes(freeBytes)} free, ${formatBytes(least)} are needed`;
    reasons.push({ code: 'disk-space', text, remedy: 'free space on that volume' });
  }
  return reasons;
}

/** Whoever asks: a file system mounted read-only lets nobody write. */
function isReadOnlyVolume(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => false,
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EROFS',
  );
}

/** CD images may be used by any number of vms; a writable floppy image by one (HW-43, HW-44). */
export async function checkMedium(
  file: MachineFile,
  place: string,
  medium: Medium | null,
  live: readonly MachineFile[],
  host: Pick<CheckedHost, 'folders' | 'account'>,
  without: readonly string[] = [],
): Promise<Obstacle[]> {
  switch (medium?.kind) {
    case undefined:
      return [];
    case 'device': {
      const mapped = { device: place, hostPath: medium.device };
      return without.includes(medium.device) ? [] : checkDevice(mapped, live);
    }
    case 'image': {
      const text = `there is no image ${medium.image} for the drive ${place}`;
      const remedy = 'eject it, or add the image to the host';
      const about = { device: place, hostPath: medium.image };
      return [{ code: 'medium-missing', text, remedy, about }];
    }
    case 'file': {
      const hostPath = resolveFile(file.folder, medium.file);
      const reasons = await checkMediumFile(file, place, hostPath, live, host);
      return reasons.map((reason) => ({ ...reason, about: { device: place, hostPath } }));
    }
  }
}

/** A disk of 21 sectors in the drive of 1.44 MB (HW-12), which turns no disk of 2.88 MB. */
const maxFloppyBytes = 1_720_320;
const sectorBytes = 512;

async function checkMediumFile(
  file: MachineFile,
  place: string,
  path: string,
  live: readonly MachineFile[],
  host: Pick<CheckedHost, 'folders' | 'account'>,
): Promise<Reason[]> {
  const what = `the image ${path} in the drive ${place}`;
  if (!(await isInside(path, host.folders))) return [outside('medium-outside', what)];
  const stats = await stat(path).catch(() => undefined);
  const remedy = 'eject it or choose another image';
  if (!stats?.isFile()) return [{ code: 'medium-missing', text: `${what} is not there`, remedy }];
  const isFloppy = place === 'floppy';
  const sizeFits = isFloppy
    ? stats.size > 0 && stats.size <= maxFloppyBytes && stats.size % sectorBytes === 0
    : stats.size > 0;
  if (isFloppy && stats.size > maxFloppyBytes) {
    const text = `${what} has ${formatBytes(stats.size)}, and the drive is one of 1.44 MB`;
    return [{ code: 'medium-malformed', text, remedy: 'use an image of 1.44 MB or 720 KB' }];
  }
  if (!sizeFits) {
    const text = `${what} is malformed: it has ${stats.size} bytes`;
    return [{ code: 'medium-malformed', text, remedy }];
  }
  // What lies in the folder of the vm is its account's from the start on.
  const account = dirname(path) === file.folder ? undefined : host.account;
  const barrier = account && (await findBarrier(path, account));
  if (barrier !== undefined || (account && !allows(stats, account, 'read'))) {
    const text = `the account of the vm may not read ${what}`;
    const fix = `let others pass ${barrier ?? ''} and read the image`.replace('  ', ' ');
    return [{ code: 'medium-unreadable', text, remedy: fix }];
  }
  const readOnly = !isFloppy || file.definition.hardware.floppy?.readOnly === true;
  if (readOnly) return [];
  const ours = await fileIdentity(path);
  for (const other of live) {
    const { name, hardware } = other.startedWith ?? other.definition;
    const theirs = hardware.floppy;
    if (theirs?.medium?.kind !== 'file' || theirs.readOnly) continue;
    if ((await fileIdentity(resolveFile(other.folder, theirs.medium.file))) !== ours) continue;
    const text = `${what} is held for writing by ${name}`;
    return [{ code: 'medium-held', text, remedy: `eject it from ${name}, or insert it read-only` }];
  }
  return [];
}

/** A device may stand in several definitions and is used by one running vm at a time (HW-29). */
async function checkDevice(about: MappedDevice, live: readonly MachineFile[]): Promise<Obstacle[]> {
  const { device, hostPath } = about;
  if (!(await isThere(hostPath))) {
    const text = `the device ${hostPath} of the host, for ${device}, is not available`;
    const remedy = 'connect it, remove it from the vm, or start once without it';
    return [{ code: 'device-missing', text, remedy, about }];
  }
  const user = await findDeviceUser(hostPath, live);
  if (user === undefined) return [];
  const text = `the device ${hostPath} of the host is used by ${user}`;
  const remedy = `stop ${user}, or start once without the device`;
  return [{ code: 'device-in-use', text, remedy, about }];
}

async function findDeviceUser(
  path: string,
  live: readonly MachineFile[],
): Promise<string | undefined> {
  const real = await realPath(path);
  for (const other of live) {
    const { name, hardware } = other.startedWith ?? other.definition;
    for (const { hostPath } of [...mappedPorts(hardware), ...mappedDrives(hardware)])
      if ((await realPath(hostPath)) === real) return name;
  }
  return undefined;
}

/** The account must get to the vm's folder and to every disk. */
async function checkReach(file: MachineFile, account: Account | undefined): Promise<Reason[]> {
  if (!account) return [];
  const disks = file.definition.hardware.disks.flatMap((disk) => diskPaths(file, disk));
  const barriers = new Set<string>();
  for (const path of [file.folder, ...disks]) {
    const barrier = await findBarrier(path, account);
    // The vm's own folder is given to its account at the start.
    if (barrier !== undefined && barrier !== file.folder) barriers.add(barrier);
  }
  return [...barriers].map((barrier) => ({
    code: 'folder-unreachable',
    text: `the account of the vm cannot pass through the folder ${barrier}`,
    remedy: `let others pass: chmod o+x ${barrier}`,
  }));
}
