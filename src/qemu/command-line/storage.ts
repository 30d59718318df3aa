/**
 * Disks, drives and their controllers as QEMU's block nodes and devices. The same functions serve the
 * command line and hot-plug.
 *
 * Invariant: every node states its driver and, where its format has parents, its parent or the absence
 * of one, so that QEMU opens nothing by what a file says of itself.
 */
import { scsiAddress, virtioDiskAddress } from './addresses.ts';
import {
  fileNodeOf,
  imageNodeName,
  mediumFileNodeName,
  mediumNodeName,
  scsiName,
  type MediumSlot,
} from './names.ts';
import { formatOptions, type Argument, type JsonFields } from './options.ts';
import type { Chipset, MachineSpec, ProcessorSpec } from './spec.ts';
import type {
  Attachment,
  CacheMode,
  Disk,
  FloppyDrive,
  Image,
  ImageSource,
  Medium,
  OpticalDrive,
  ScsiController,
} from './spec-storage.ts';

/** Block nodes in the order in which they must be made, and the device that uses the last one. */
export interface BlockDevice {
  readonly nodes: readonly JsonFields[];
  readonly device: JsonFields;
}

/** Formats whose header may name a parent. */
const formatsWithParent: ReadonlySet<string> = new Set(['qcow2', 'vmdk']);

/** Id of the SATA controller that pc needs; q35 has one on board. */
export const sataName = 'board-sata';

/** Id of the floppy controller that q35 needs; pc has one on board. */
export const floppyName = 'board-floppy';

/** What a device depends on beside its own specification. */
export type StorageBoard = Pick<MachineSpec, 'chipset' | 'processor'>;

const maxQueues = 8;

/** How long requests wait for a server of disks that has ended and is started again; after that the guest stands still. */
const reconnectSeconds = 300;

/** The same of one to which a running machine comes for the first time; its monitor waits meanwhile. */
const openSeconds = 10;

/**
 * Queues of a paravirtual device: one for each processor there may ever be, up to eight. QEMU itself would
 * count those present at start, and the device would be another one after processors were plugged in.
 */
function queueCount({ sockets, cores, threads }: ProcessorSpec): number {
  return Math.min(sockets * cores * threads, maxQueues);
}

export function scsiDevice(machine: StorageBoard, controller: ScsiController): JsonFields {
  const id = scsiName(controller.position);
  const address = scsiAddress(machine.chipset, controller.position);
  if (controller.model !== 'virtio-scsi') return { driver: controller.model, id, ...address };
  const queues = queueCount(machine.processor);
  return { driver: 'virtio-scsi-pci', id, ...address, num_queues: queues };
}

export function diskDevice(machine: StorageBoard, disk: Disk, bootIndex?: number): BlockDevice {
  const device: JsonFields = {
    driver: diskDrivers[disk.attach.bus],
    id: disk.id,
    ...attachmentFields(machine.chipset, disk.attach),
    drive: imageNodeName(disk.id, 0),
    bootindex: bootIndex,
    serial: disk.serial,
    // A full volume must never reach the guest as an error of its disk.
    werror: disk.access === 'read-only' ? undefined : 'stop',
    // Nor the loss of what serves it.
    rerror: imageChain(disk.image).some(isServed) ? 'stop' : undefined,
    'write-cache': disk.cache === 'writethrough' ? 'off' : 'on',
    'num-queues': disk.attach.bus === 'virtio' ? queueCount(machine.processor) : undefined,
    'share-rw': disk.sharing === 'shared' ? true : undefined,
    rotation_rate: disk.medium === 'solid' ? 1 : undefined,
  };
  return { nodes: diskNodes(disk), device };
}

const diskDrivers = {
  ide: 'ide-hd',
  sata: 'ide-hd',
  scsi: 'scsi-hd',
  virtio: 'virtio-blk-pci',
} as const;

function attachmentFields(chipset: Chipset, attach: Attachment): JsonFields {
  switch (attach.bus) {
    case 'ide':
      return { bus: `ide.${attach.channel}`, unit: attach.position };
    case 'sata':
      return { bus: chipset === 'pc' ? `${sataName}.${attach.port}` : `ide.${attach.port}` };
    case 'scsi':
      return { bus: `${scsiName(attach.controller)}.0`, 'scsi-id': attach.target, lun: 0 };
    case 'virtio':
      return { ...virtioDiskAddress(chipset, attach.position) };
  }
}

/** The nodes of a disk, the farthest ancestor first. */
export function diskNodes(disk: Disk): readonly JsonFields[] {
  const chain = imageChain(disk.image);
  return chain
    .map((image, generation) => imageNodes(disk, image, generation))
    .toReversed()
    .flat();
}

/** A device that the process inherits open. */
export interface InheritedDevice {
  readonly path: string;
  readonly access: Disk['access'];
  readonly set: number;
}

/** The first that a program inherits beside its standard ones. */
const firstInherited = 3;

/** In the order in which the process has them, from the descriptor 3 on. */
export function inheritedDevices({ disks }: Pick<MachineSpec, 'disks'>): InheritedDevice[] {
  return disks.flatMap(({ image: { source }, access }) =>
    source.kind === 'device' && source.set !== undefined
      ? [{ path: source.path, access, set: source.set }]
      : [],
  );
}

export function inheritedArguments(spec: Pick<MachineSpec, 'disks'>): readonly Argument[] {
  return inheritedDevices(spec).map(({ set }, index) => [
    '-add-fd',
    formatOptions(undefined, { fd: String(firstInherited + index), set: String(set) }),
  ]);
}

/** The image, its parent and so on. */
export function imageChain(image: Image): readonly Image[] {
  return image.backing === undefined ? [image] : [image, ...imageChain(image.backing)];
}

function imageNodes(disk: Disk, image: Image, generation: number): readonly JsonFields[] {
  const backing = image.backing ? imageNodeName(disk.id, generation + 1) : null;
  return twoNodes(imageNodeName(disk.id, generation), image, {
    access: accessOf(disk, generation),
    disk,
    backing,
  });
}

function isServed({ source }: Image): boolean {
  return source.kind === 'nbd';
}

/**
 * A parent is read until a merge writes into it: its file is opened for that when it is due (`auto-read-only`), by what
 * serves it where it is served.
 */
export type Access = 'write' | 'read-until-merged' | 'read';

function accessOf(disk: Disk, generation: number): Access {
  if (disk.access === 'read-only') return 'read';
  return generation === 0 ? 'write' : 'read-until-merged';
}

/** An image that a running machine opens. */
export interface LaterImage {
  readonly source: ImageSource;
  readonly format: Image['format'];
  /** By default the guest writes it. */
  readonly access?: Access;
  /** The node of its parent, which is open; by default it has none, or gets it by being put on top. */
  readonly backing?: string | null;
}

/** The node of its file, and its own. */
export function laterNodes(
  disk: Pick<Disk, 'discard' | 'cache'>,
  nodeName: string,
  { source, format, access = 'write', backing = null }: LaterImage,
): readonly [file: JsonFields, image: JsonFields] {
  const image: Image = { source, format };
  const [file, itself] = twoNodes(nodeName, image, { access, disk, backing });
  return [isServed(image) ? { ...file, 'open-timeout': openSeconds } : file, itself];
}

interface NodeWish {
  readonly access: Access;
  readonly disk: Pick<Disk, 'discard' | 'cache'>;
  readonly backing: string | null;
}

function twoNodes(
  nodeName: string,
  image: Image,
  { access, disk, backing }: NodeWish,
): readonly [file: JsonFields, image: JsonFields] {
  const file = fileNodeOf(nodeName);
  const discard = access === 'read' ? undefined : disk.discard;
  const cache = cacheFields(disk.cache);
  const reading = readingFields(access, image);
  return [
    { 'node-name': file, ...sourceFields(image.source), ...reading, discard, cache },
    {
      'node-name': nodeName,
      driver: image.format,
      file,
      'read-only': access !== 'write',
      discard,
      cache,
      ...(formatsWithParent.has(image.format) ? { backing } : {}),
    },
  ];
}

function readingFields(access: Access, image: Image): JsonFields {
  if (access !== 'read-until-merged') return { 'read-only': access !== 'write' };
  return isServed(image) ? { 'read-only': false } : { 'auto-read-only': true };
}

function sourceFields(source: ImageSource): JsonFields {
  switch (source.kind) {
    case 'file':
      return { driver: 'file', filename: source.path };
    case 'device':
      return {
        driver: 'host_device',
        filename: source.set === undefined ? source.path : `/dev/fdset/${source.set}`,
      };
    case 'nbd':
      return {
        driver: 'nbd',
        server: { type: 'unix', path: source.socketPath },
        export: source.exportName,
        'reconnect-delay': reconnectSeconds,
      };
  }
}

function cacheFields(mode: CacheMode): JsonFields {
  return { direct: mode === 'none', 'no-flush': mode === 'unsafe' };
}

export function opticalDevice(
  machine: Pick<MachineSpec, 'chipset'>,
  drive: OpticalDrive,
  bootIndex?: number,
): BlockDevice {
  const device: JsonFields = {
    driver: drive.attach.bus === 'scsi' ? 'scsi-cd' : 'ide-cd',
    id: drive.id,
    ...attachmentFields(machine.chipset, drive.attach),
    drive: drive.medium === undefined ? undefined : mediumNodeName(drive.id, 'a'),
    bootindex: bootIndex,
  };
  return { nodes: drive.medium ? opticalNodes(drive.id, 'a', drive.medium) : [], device };
}

/** The boot index of a floppy drive is its controller's: see `floppyBootArguments`. */
export function floppyDevice(
  machine: Pick<MachineSpec, 'chipset'>,
  drive: FloppyDrive,
): BlockDevice {
  const device: JsonFields = {
    driver: 'floppy',
    id: drive.id,
    bus: machine.chipset === 'pc' ? 'floppy-bus.0' : `${floppyName}.0`,
    unit: 0,
    'drive-type': '144',
    drive: drive.medium === undefined ? undefined : mediumNodeName(drive.id, 'a'),
  };
  return {
    nodes: drive.medium ? floppyNodes(drive.id, 'a', drive.medium, drive.access) : [],
    device,
  };
}

/** A CD is read-only, whatever lies in the drive (HW-44). */
export function opticalNodes(
  driveId: string,
  slot: MediumSlot,
  medium: Medium,
): readonly JsonFields[] {
  const driver = medium.kind === 'host-drive' ? 'host_cdrom' : 'file';
  return mediumNodes(driveId, slot, { driver, filename: medium.path }, 'read-only');
}

export function floppyNodes(
  driveId: string,
  slot: MediumSlot,
  medium: Medium,
  access: FloppyDrive['access'],
): readonly JsonFields[] {
  const driver = medium.kind === 'host-drive' ? 'host_device' : 'file';
  return mediumNodes(driveId, slot, { driver, filename: medium.path }, access);
}

function mediumNodes(
  driveId: string,
  slot: MediumSlot,
  source: JsonFields,
  access: FloppyDrive['access'],
): readonly JsonFields[] {
  const file = mediumFileNodeName(driveId, slot);
  const readOnly = access === 'read-only';
  return [
    { 'node-name': file, ...source, 'read-only': readOnly },
    { 'node-name': mediumNodeName(driveId, slot), driver: 'raw', file, 'read-only': readOnly },
  ];
}
