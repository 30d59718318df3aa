/**
 * Whether a definition holds together: what the schema cannot say because it is about several settings at
 * once. Every issue names the path of the offending setting. What a host or its driver cannot do is not
 * said here but by the start check of the agent.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  findGuest,
  findUnrepresented,
  hostDrivePath,
  hostDriveWord,
  largestVhdBytes,
  placeName,
  readFormats,
  placesOf,
  plainPort,
  vmDefinitionSchema,
  type VmDefinition,
  wordIssue,
  type Disk,
} from '#api';
import { formatBytes, miB } from '#lib';
import { foreignName } from '../foreign-vm.ts';
import { checkBoard } from './check-board.ts';
import { issuesFault, issuesOf, type Issue } from './issues.ts';

/**
 * A definition out of anything. What was wrong before already is not held against a change. Errors:
 * `invalid` with every issue and its path.
 */
export function parseDefinition(value: unknown, name: string, before?: VmDefinition): VmDefinition {
  const what = `the definition of ${name}`;
  const unrepresented = findUnrepresented(value);
  if (unrepresented.length > 0) throw issuesFault(what, unrepresented);
  const parsed = vmDefinitionSchema.safeParse(value, { error: wordIssue });
  if (!parsed.success) throw issuesFault(what, issuesOf(parsed.error));
  const known = new Set(
    before === undefined ? [] : checkDefinition(before).map((issue) => JSON.stringify(issue)),
  );
  const issues = checkDefinition(parsed.data).filter((issue) => !known.has(JSON.stringify(issue)));
  if (issues.length > 0) throw issuesFault(what, issues);
  return parsed.data;
}

export function checkDefinition(definition: VmDefinition): readonly Issue[] {
  return [
    ...checkBoard(definition),
    ...checkPlaces(definition),
    ...checkAdapters(definition),
    ...checkSharedFolders(definition),
    ...checkDevices(definition),
    ...checkSizes(definition),
  ];
}

function checkPlaces({ hardware, settings }: VmDefinition): readonly Issue[] {
  const issues: Issue[] = [];
  const taken = new Map<string, string>();
  const files = new Map<string, string>();
  const devices = [
    ...hardware.disks.map((disk, index) => ({ ...disk, path: `hardware/disks/${index}` })),
    ...hardware.opticalDrives.map((drive, index) => ({
      ...drive,
      path: `hardware/opticalDrives/${index}`,
    })),
  ];
  for (const device of devices) {
    const { bus, controller, position, path } = device;
    const bounds = placesOf(bus, hardware);
    const place = placeName(device);
    if (controller >= bounds.controllers)
      issues.push({
        path: `${path}/controller`,
        problem: `${bus} has ${bounds.controllers} controllers, counted from 0`,
      });
    if (position >= bounds.positions)
      issues.push({
        path: `${path}/position`,
        problem: `a ${bus} controller has ${bounds.positions} positions, counted from 0`,
      });
    const other = taken.get(place);
    if (other !== undefined)
      issues.push({ path, problem: `the place ${place} is taken by ${other}` });
    else taken.set(place, path);
  }
  for (const [index, { file }] of hardware.disks.entries()) {
    const other = files.get(file);
    if (other !== undefined)
      issues.push({
        path: `hardware/disks/${index}/file`,
        problem: `the file is that of ${other} already`,
      });
    else files.set(file, `hardware/disks/${index}`);
  }
  for (const [index, disk] of hardware.disks.entries())
    issues.push(...checkHostDrive(disk, settings, `hardware/disks/${index}`));
  for (const [index, disk] of hardware.disks.entries())
    issues.push(...checkServedDisk(disk, `hardware/disks/${index}`));
  for (const [index, disk] of hardware.disks.entries())
    issues.push(...checkVhd(disk, `hardware/disks/${index}`));
  for (const [index, disk] of hardware.disks.entries())
    if (disk.shared) issues.push(...checkSharedDisk(disk, `hardware/disks/${index}`));
  for (const [index, { bus }] of hardware.opticalDrives.entries())
    if (bus === 'virtio')
      issues.push({
        path: `hardware/opticalDrives/${index}/bus`,
        problem: 'there are no virtio CD drives; use ide, sata or scsi',
      });
  return issues;
}

/** Drives of the host (DISK-14, DISK-15): what makes a vm write one is set with open eyes. */
function checkHostDrive(
  disk: Disk,
  { undoDisks }: VmDefinition['settings'],
  path: string,
): readonly Issue[] {
  const { kind, file, format, sizeBytes, shared, readOnly } = disk;
  const word = hostDriveWord(disk);
  if (word === undefined)
    return disk.drive === undefined
      ? []
      : [{ path: `${path}/drive`, problem: 'is kept for raw devices' }];
  const issues: Issue[] = [];
  if (format !== 'raw' || !file.startsWith('/dev/'))
    issues.push({
      path: `${path}/file`,
      problem: `${word} is a drive of the host, raw; attach one with: gantry vm attach-disk`,
    });
  if (kind !== 'device') return issues;
  if (!hostDrivePath.safeParse(file).success && issues.length === 0)
    issues.push({ path: `${path}/file`, problem: 'is no path of a drive' });
  if (sizeBytes === 0)
    issues.push({
      path: `${path}/sizeBytes`,
      problem: 'a raw device has the size of its drive, by which it is known again',
    });
  if (shared)
    issues.push({
      path: `${path}/shared`,
      problem: 'a raw device is one vm’s alone while it runs',
    });
  if (undoDisks.enabled && !readOnly)
    issues.push({
      path: `${path}/kind`,
      problem:
        'undo disks lie on files, not on a drive of the host: turn them off, or attach it read-only',
    });
  return issues;
}

/** VHD has a bound of its own on IDE (DISK-55): 127 GB, of which those who made the format know. Other formats have none. */
function checkVhd({ format, bus, sizeBytes }: Disk, path: string): readonly Issue[] {
  const largest = largestVhdBytes.ide ?? Infinity;
  if (format !== 'vhd' || bus !== 'ide' || sizeBytes <= largest) return [];
  return [
    {
      path: `${path}/bus`,
      problem: `a VHD on IDE has at most ${formatBytes(largest)}, and this one has ${formatBytes(sizeBytes)}: use scsi`,
    },
  ];
}

/** What the disk library reads for QEMU, and which of it it writes (docs/rfd/0027). */
function checkServedDisk({ format, readOnly, kind }: Disk, path: string): readonly Issue[] {
  if (kind === 'linked' || readOnly || !readFormats.has(format)) return [];
  const copy = 'or attach a copy of it: gantry vm attach-disk --import';
  return [
    {
      path: `${path}/format`,
      problem: `${format} is a format that is only read: attach it read-only, ${copy}`,
    },
  ];
}

function checkSharedDisk({ format, cache }: Disk, path: string): readonly Issue[] {
  const issues: Issue[] = [];
  if (format !== 'raw')
    issues.push({
      path: `${path}/format`,
      problem: `a shared disk is raw: what grows, as ${format} does, is written by one vm alone`,
    });
  if (cache !== 'none')
    issues.push({
      path: `${path}/cache`,
      problem: `a shared disk has the cache none: with ${cache} a vm may read what another has overwritten`,
    });
  return issues;
}

function checkAdapters(definition: VmDefinition): readonly Issue[] {
  const { hardware } = definition;
  const isForeign = foreignName(definition) !== undefined;
  const issues: Issue[] = [];
  const slots = new Set<number>();
  const macs = new Set<string>();
  for (const [index, adapter] of hardware.adapters.entries()) {
    const { slot, mac, attachment } = adapter;
    if (attachment.kind === 'foreign' && !isForeign)
      issues.push({
        path: `hardware/adapters/${index}/attachment/kind`,
        problem: 'is for vms of hypervisors that others run; use a network',
      });
    if (attachment.kind === 'user')
      for (const name of ['bandwidth', 'firewall', 'addresses', 'vlans'] as const)
        if (!isDeepStrictEqual(adapter[name], plainPort[name]))
          issues.push({
            path: `hardware/adapters/${index}/${name}`,
            problem: 'is kept by a network, not by a user-mode network',
          });
    if (slots.has(slot))
      issues.push({
        path: `hardware/adapters/${index}/slot`,
        problem: `the slot ${slot} is taken by another adapter`,
      });
    if (macs.has(mac))
      issues.push({
        path: `hardware/adapters/${index}/mac`,
        problem: `another adapter of the vm has the address ${mac}`,
      });
    slots.add(slot);
    macs.add(mac);
  }
  return issues;
}

function checkSharedFolders({ hardware }: VmDefinition): readonly Issue[] {
  const issues: Issue[] = [];
  const slots = new Set<number>();
  const names = new Set<string>();
  for (const [index, { slot, name }] of hardware.sharedFolders.entries()) {
    const path = `hardware/sharedFolders/${index}`;
    if (slots.has(slot))
      issues.push({
        path: `${path}/slot`,
        problem: `the slot ${slot} is taken by another shared folder`,
      });
    if (names.has(name))
      issues.push({ path: `${path}/name`, problem: `another shared folder is called ${name}` });
    slots.add(slot);
    names.add(name);
  }
  return issues;
}

function checkDevices({ hardware, guestOs }: VmDefinition): readonly Issue[] {
  const issues: Issue[] = [];
  if (hardware.tablet && hardware.usb === 'none')
    issues.push({ path: 'hardware/tablet', problem: 'a USB tablet needs a USB controller' });
  if (hardware.firmware.secureBoot && hardware.firmware.type !== 'uefi')
    issues.push({
      path: 'hardware/firmware/secureBoot',
      problem: 'secure boot needs the firmware uefi',
    });
  issues.push(...checkGraphics(hardware.graphics));
  if (findGuest(guestOs) === undefined)
    issues.push({
      path: 'guestOs',
      problem: `${guestOs} is not in the catalogue of guests; take "other" for what is not there`,
    });
  return issues;
}

function checkGraphics(graphics: VmDefinition['hardware']['graphics']): readonly Issue[] {
  const { adapter, videoMemoryBytes, acceleration3d } = graphics;
  const issues: Issue[] = [];
  const path = 'hardware/graphics/videoMemoryBytes';
  if (adapter === 'cirrus' && videoMemoryBytes !== 4 * miB)
    issues.push({ path, problem: 'a Cirrus adapter has 4 MiB' });
  if (adapter === 'std' && !Number.isInteger(Math.log2(videoMemoryBytes)))
    issues.push({ path, problem: 'a standard adapter has a power of two' });
  if (acceleration3d && adapter !== 'virtio')
    issues.push({
      path: 'hardware/graphics/acceleration3d',
      problem: `the adapter ${adapter} has no three-dimensional acceleration; choose virtio`,
    });
  return issues;
}

function checkSizes({ hardware, resources }: VmDefinition): readonly Issue[] {
  const issues: Issue[] = [];
  const { processor, memory } = hardware;
  if (processor.maxCount !== null && processor.maxCount < processor.count)
    issues.push({
      path: 'hardware/processor/maxCount',
      problem: `it is below the ${processor.count} processors there are`,
    });
  if (memory.maxBytes !== null && memory.maxBytes < memory.sizeBytes)
    issues.push({
      path: 'hardware/memory/maxBytes',
      problem: 'it is below the memory there is',
    });
  const perSocket = processor.coresPerSocket * processor.threadsPerCore;
  if ((processor.maxCount ?? processor.count) % perSocket !== 0)
    issues.push({
      path: 'hardware/processor/coresPerSocket',
      problem: `${processor.maxCount ?? processor.count} processors do not fill sockets of ${perSocket}`,
    });
  if (resources.cpuReservePercent > resources.cpuMaximumPercent)
    issues.push({
      path: 'resources/cpuReservePercent',
      problem: 'the reserve is above the maximum',
    });
  return issues;
}
