/** A vm's disks, drives and adapters as libvirt names them: targets, files, addresses. Pure. */
import { isAbsolute, join } from 'node:path';
import {
  limitsSaid,
  type Adapter,
  type Disk,
  type DiskLimits,
  type Hardware,
  type Medium,
  type OpticalDrive,
  type Vm,
} from '#api';

export interface BlockDevice {
  /** `vda`, `sdb`, `hdc`, `fda`: from the place in the vm, so that it stays when others come and go. */
  readonly target: string;
  readonly bus: 'virtio' | 'scsi' | 'sata' | 'ide' | 'fdc';
  readonly device: 'disk' | 'cdrom' | 'floppy';
  readonly controller: number;
  readonly position: number;
  /** On the vm's host; undefined for an empty drive. */
  readonly file: string | undefined;
  readonly sourceType: 'file' | 'block';
  readonly format: Disk['format'];
  /** Undefined where it is not known: media. */
  readonly sizeBytes: number | undefined;
  readonly readOnly: boolean;
  readonly shared: boolean;
  readonly serial: string;
  /** Undefined of media, of which nobody chooses it. */
  readonly cache: Disk['cache'] | undefined;
  readonly discard: boolean | undefined;
  /** Undefined where there are none. */
  readonly limits: DiskLimits | undefined;
}

/** Where the file of an image is; undefined for an image that is gone. */
export type ImagePath = (reference: string) => string | undefined;

export function blockDevicesOf({ definition, path }: Vm, imagePath: ImagePath): BlockDevice[] {
  const { disks, opticalDrives, floppy } = definition.hardware;
  const targetOf = targets(definition.hardware);
  return [
    ...disks.map((disk) => ({
      ...placed(disk, targetOf),
      device: 'disk' as const,
      file: isAbsolute(disk.file) ? disk.file : join(path, disk.file),
      sourceType: disk.kind !== undefined ? ('block' as const) : ('file' as const),
      format: disk.format,
      sizeBytes: disk.sizeBytes,
      readOnly: disk.readOnly,
      shared: disk.shared,
      serial: disk.serial,
      cache: disk.cache,
      discard: disk.discard,
      limits: limitsSaid(disk.limits),
    })),
    ...opticalDrives.map((drive) => ({
      ...placed(drive, targetOf),
      device: 'cdrom' as const,
      ...inserted(drive.medium, imagePath),
    })),
    ...(floppy === null
      ? []
      : [
          {
            target: 'fda',
            bus: 'fdc' as const,
            controller: 0,
            position: 0,
            device: 'floppy' as const,
            ...inserted(floppy.medium, imagePath),
            readOnly: floppy.readOnly,
          },
        ]),
  ];
}

type Place = Pick<Disk, 'bus' | 'controller' | 'position'>;
type TargetOf = (place: Place) => string;

function placed(
  { bus, controller, position }: Disk | OpticalDrive,
  targetOf: TargetOf,
): Pick<BlockDevice, 'target' | 'bus' | 'controller' | 'position'> {
  return { target: targetOf({ bus, controller, position }), bus, controller, position };
}

function inserted(
  medium: Medium | null,
  imagePath: ImagePath,
): Omit<BlockDevice, 'target' | 'bus' | 'controller' | 'position' | 'device'> {
  return {
    file: medium === null ? undefined : fileOf(medium, imagePath),
    sourceType: medium?.kind === 'device' ? 'block' : 'file',
    format: 'raw',
    sizeBytes: undefined,
    readOnly: true,
    shared: false,
    serial: '',
    cache: undefined,
    discard: undefined,
    limits: undefined,
  };
}

function fileOf(medium: Medium, imagePath: ImagePath): string | undefined {
  switch (medium.kind) {
    case 'image':
      return imagePath(medium.image);
    case 'file':
      return medium.file;
    case 'device':
      return medium.device;
  }
}

const sataPositions = 6;
const scsiPositions = 24;

/** SATA and SCSI share the prefix sd; SCSI comes after the places of SATA where a vm has both. */
export function firstScsiOf({ disks, opticalDrives }: Hardware): number {
  const hasSata = [...disks, ...opticalDrives].some(({ bus }) => bus === 'sata');
  return hasSata ? sataPositions : 0;
}

function targets(hardware: Hardware): TargetOf {
  const firstScsi = firstScsiOf(hardware);
  return ({ bus, controller, position }) => {
    switch (bus) {
      case 'virtio':
        return `vd${letters(position)}`;
      case 'ide':
        return `hd${letters(controller * 2 + position)}`;
      case 'sata':
        return `sd${letters(position)}`;
      case 'scsi':
        return `sd${letters(firstScsi + controller * scsiPositions + position)}`;
    }
  };
}

/** a to z, aa, ab …, as Linux counts disks. */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

/** What a client names an adapter by, beside its MAC address. */
export function adapterTarget({ slot }: Pick<Adapter, 'slot'>): string {
  return `net${slot}`;
}
