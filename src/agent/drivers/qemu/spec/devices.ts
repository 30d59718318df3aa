/** Disks, drives and adapters of a definition in the words of the machine specification. */
import {
  diskBuses,
  isNative,
  placeName,
  type Adapter,
  type Disk,
  type Hardware,
  type Medium,
  type OpticalDrive,
} from '#api';
import type {
  Attachment,
  Disk as DiskSpec,
  Image,
  MachineSpec,
  Medium as MediumSpec,
  ScsiController,
} from '#qemu';
import { assert, Fault } from '#lib';
import { chainOf, type Layer } from '../../../machine/layers/layers.ts';
import type { MachineFile } from '../../../machine/record.ts';
import { resolveFile } from '../places.ts';

export const floppyId = 'floppy';

/** Models that QEMU has a boot ROM for. */
export const adapterRoms: ReadonlySet<Adapter['model']> = new Set([
  'virtio',
  'e1000',
  'e1000e',
  'pcnet',
  'rtl8139',
]);

type Placed = Pick<Disk, 'bus' | 'controller' | 'position'>;

/** `disk-scsi0-1`: from its place, so that it stays the same for the life of the vm. */
export function diskId(disk: Placed): string {
  return `disk-${placeName(disk).replace(':', '-')}`;
}

/** The name under which a disk is served: that of its device, until it has moved as its vm ran. */
export function exportOf({ servedAs }: Pick<MachineFile, 'servedAs'>, disk: Disk): string {
  return servedAs.find((one) => one.disk === disk.file)?.name ?? diskId(disk);
}

export function opticalId(drive: Placed): string {
  return `cd-${placeName(drive).replace(':', '-')}`;
}

export function adapterId(adapter: Pick<Adapter, 'slot'>): string {
  return `net${adapter.slot}`;
}

/** An adapter that is plugged into nothing has no link, whatever its cable. */
export function linkOf({ attachment, link }: Pick<Adapter, 'attachment' | 'link'>): 'up' | 'down' {
  return attachment.kind === 'none' ? 'down' : link;
}

/** The place of a disk or drive that QEMU names by our id. */
export function placeOfId(hardware: Hardware, id: string): string {
  const disk = hardware.disks.find((one) => diskId(one) === id);
  if (disk) return placeName(disk);
  const drive = hardware.opticalDrives.find((one) => opticalId(one) === id);
  return drive ? placeName(drive) : id;
}

/** The other way round. Errors: `not-found`. */
export function placeToId(hardware: Hardware, place: string): string {
  if (place === 'floppy' && hardware.floppy) return floppyId;
  const drive = hardware.opticalDrives.find((one) => placeName(one) === place);
  if (drive) return opticalId(drive);
  throw new Fault('not-found', `there is no drive ${place}`);
}

export function attachmentOf(at: Placed): Attachment {
  switch (at.bus) {
    case 'ide':
      return { bus: 'ide', channel: at.controller, position: at.position };
    case 'sata':
      return { bus: 'sata', port: at.position };
    case 'scsi':
      return { bus: 'scsi', controller: at.controller, target: at.position };
    case 'virtio':
      return { bus: 'virtio', position: at.position };
  }
}

/** By which number of a set of descriptors the process has a raw device: from its place, so that it is known while it runs. */
function deviceSet({ bus, controller, position }: Placed): number {
  return 1 + diskBuses.indexOf(bus) * 10_000 + controller * 1_000 + position;
}

function sourceOf(
  file: Pick<MachineFile, 'folder' | 'layers' | 'servedAs'>,
  disk: Disk,
  socketPath: string,
): Image {
  if (disk.kind === 'device')
    return {
      source: { kind: 'device', path: disk.file, set: deviceSet(disk) },
      format: 'raw',
    };
  const served: Image = {
    source: { kind: 'nbd', socketPath, exportName: exportOf(file, disk) },
    format: 'raw',
  };
  return imageOf(file.folder, chainOf(file.layers, disk), served);
}

/** `socketPath`: where disks in formats that QEMU is not trusted with are served, each under its id. */
export function diskSpec(
  file: Pick<MachineFile, 'folder' | 'layers' | 'servedAs'>,
  disk: Disk,
  socketPath: string,
): DiskSpec {
  return {
    id: diskId(disk),
    attach: attachmentOf(disk),
    image: sourceOf(file, disk, socketPath),
    access: disk.readOnly ? 'read-only' : 'read-write',
    cache: disk.cache,
    discard: disk.discard ? 'unmap' : 'ignore',
    serial: disk.serial === '' ? undefined : disk.serial,
    sharing: disk.shared ? 'shared' : 'exclusive',
  };
}

/** A file with all that lies below it; `served`: the lowest, where QEMU does not open that itself. */
function imageOf(
  folder: string,
  chain: readonly Pick<Layer, 'file' | 'format'>[],
  served: Image,
): Image {
  const [top, ...below] = chain;
  assert(top !== undefined, 'a disk has a file');
  if (!isNative(top)) return served;
  return {
    source: { kind: 'file', path: resolveFile(folder, top.file) },
    format: top.format,
    ...(below.length > 0 ? { backing: imageOf(folder, below, served) } : {}),
  };
}

/** An image that the coordinator could not resolve is no file: the start check has said so. */
export function mediumSpec(
  file: Pick<MachineFile, 'folder'>,
  medium: Medium | null,
  without: readonly string[] = [],
): MediumSpec | undefined {
  switch (medium?.kind) {
    case undefined:
    case 'image':
      return undefined;
    case 'file':
      return { kind: 'image', path: resolveFile(file.folder, medium.file) };
    case 'device':
      return without.includes(medium.device)
        ? undefined
        : { kind: 'host-drive', path: medium.device };
  }
}

type Drives = Pick<MachineSpec, 'scsiControllers' | 'disks' | 'opticalDrives' | 'floppyDrive'>;

export function drivesOf(
  file: MachineFile,
  without: readonly string[],
  socketPath: string,
): Drives {
  const { hardware } = file.definition;
  const { disks, opticalDrives, floppy } = hardware;
  return {
    scsiControllers: scsiControllersOf(hardware, [...disks, ...opticalDrives]),
    disks: disks.map((disk) => diskSpec(file, disk, socketPath)),
    opticalDrives: opticalDrives.map((drive: OpticalDrive) => ({
      id: opticalId(drive),
      attach: attachmentOf(drive),
      medium: mediumSpec(file, drive.medium, without),
    })),
    floppyDrive: floppy
      ? {
          id: floppyId,
          medium: mediumSpec(file, floppy.medium, without),
          access: floppy.readOnly ? 'read-only' : 'read-write',
        }
      : undefined,
  };
}

/** Those that something hangs on; on the modern profile one is always there, to hot-plug on. */
function scsiControllersOf(hardware: Hardware, placed: readonly Placed[]): ScsiController[] {
  const positions = new Set(
    placed.filter(({ bus }) => bus === 'scsi').map(({ controller }) => controller),
  );
  if (hardware.scsiController === 'virtio-scsi') positions.add(0);
  return [...positions]
    .sort((one, other) => one - other)
    .map((position) => ({ position, model: hardware.scsiController }));
}
