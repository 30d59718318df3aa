/** A `<disk>` of domain XML: a disk, an optical or a floppy drive as somebody wants it. */
import { attributeOf, find, textOf, type XmlNode } from '#foreign';
import type { Disk, DiskBus, DiskLimits } from '#api';
import { formatsByLibvirt } from '../../domain-xml/disk-formats.ts';
import { readIotune } from './iotune-wish.ts';
import type { Lost } from './xml-words.ts';

export interface BlockWish {
  readonly device: 'disk' | 'cdrom' | 'floppy';
  readonly place: Pick<Disk, 'bus' | 'controller' | 'position'>;
  /** The name is none that a place of its bus has: programs count all names `sd…` from the first on. Any free place will do. */
  readonly isLoose: boolean;
  /** Of the host; undefined: the drive is empty. */
  readonly file: string | undefined;
  readonly isDevice: boolean;
  readonly format: Disk['format'] | undefined;
  readonly readOnly: boolean;
  readonly shared: boolean;
  readonly serial: string;
  readonly cache: Disk['cache'] | undefined;
  readonly discard: boolean | undefined;
  readonly limits: DiskLimits | undefined;
}

const buses: Readonly<Record<string, DiskBus | 'fdc'>> = {
  virtio: 'virtio',
  scsi: 'scsi',
  sata: 'sata',
  ide: 'ide',
  fdc: 'fdc',
};
const devices = { disk: 'disk', cdrom: 'cdrom', floppy: 'floppy' } as const;
const caches = {
  default: undefined,
  none: 'none',
  writethrough: 'writethrough',
  writeback: 'writeback',
  unsafe: 'unsafe',
} as const;
const discards = { unmap: true, on: true, ignore: false, off: false } as const;
/** Addresses and order are Gantry's, and what is behind a file is in the file. */
const known =
  'driver source target readonly shareable serial address alias boot backingStore mirror iotune'.split(
    ' ',
  );

/** `firstScsi`: where SCSI begins among the names `sd…`, after the places of SATA. */
export function readBlock(node: XmlNode, firstScsi: number, lost: Lost): BlockWish | undefined {
  lost.others(node, 'disk', known);
  const device = lost.choose('disk device', attributeOf(node, 'device') ?? 'disk', devices);
  const type = lost.choose('disk type', attributeOf(node, 'type') ?? 'file', {
    file: 'file',
    block: 'dev',
  });
  const target = find(node, 'target');
  const name = attributeOf(target, 'dev') ?? '';
  const bus = lost.choose('disk bus', attributeOf(target, 'bus') ?? busOf(name), buses);
  if (device === undefined || type === undefined || bus === undefined) return undefined;
  const isLoose = bus === 'scsi' && lettersOf(name) !== undefined && !isOfScsi(name, firstScsi);
  const place = placeOf(bus, name, isLoose ? 0 : firstScsi);
  if (place === undefined) lost.add(`disk ${name || 'without a target'} on ${bus}`);
  const driver = find(node, 'driver');
  const limits = readIotune(node, lost);
  if (device !== 'disk' && limits !== undefined) lost.add(`iotune of a ${device}`);
  return {
    device,
    place: place ?? { bus: 'virtio', controller: 0, position: 0 },
    isLoose,
    file: attributeOf(find(node, 'source'), type),
    isDevice: type === 'dev',
    format: lost.choose('disk format', attributeOf(driver, 'type'), formatsByLibvirt),
    readOnly: find(node, 'readonly') !== undefined,
    shared: find(node, 'shareable') !== undefined,
    serial: textOf(find(node, 'serial')) ?? '',
    cache: lost.choose('disk cache', attributeOf(driver, 'cache'), caches),
    discard: lost.choose('disk discard', attributeOf(driver, 'discard'), discards),
    limits,
  };
}

function busOf(name: string): string {
  const byPrefix: Readonly<Record<string, string>> = { vd: 'virtio', hd: 'ide', fd: 'fdc' };
  return byPrefix[name.slice(0, 2)] ?? 'sata';
}

const scsiPositions = 24;

function lettersOf(name: string): string | undefined {
  return /^(?:vd|sd|hd|fd)([a-z]{1,3})$/.exec(name)?.[1];
}

/** a is 0, aa is 26. */
function indexOf(letters: string): number {
  return Buffer.from(letters).reduce((sum, code) => sum * 26 + code - 96, 0) - 1;
}

function isOfScsi(name: string, firstScsi: number): boolean {
  return indexOf(lettersOf(name) ?? '') >= firstScsi;
}

/** Each of those without a place gets the first that no other one has. */
export function placeLoose(blocks: readonly BlockWish[]): BlockWish[] {
  const isScsi = ({ place }: BlockWish): boolean => place.bus === 'scsi';
  const taken = new Set(
    blocks.filter((one) => isScsi(one) && !one.isLoose).map(({ place }) => numberOf(place)),
  );
  return blocks.map((block) => {
    if (!block.isLoose) return block;
    let at = 0;
    while (taken.has(at)) at += 1;
    taken.add(at);
    return { ...block, place: scsiPlace(at) };
  });
}

function numberOf({ controller, position }: BlockWish['place']): number {
  return controller * scsiPositions + position;
}

function scsiPlace(at: number): BlockWish['place'] {
  return {
    bus: 'scsi',
    controller: Math.floor(at / scsiPositions),
    position: at % scsiPositions,
  };
}

/** The opposite of the targets in domain-devices.ts. */
function placeOf(
  bus: DiskBus | 'fdc',
  name: string,
  firstScsi: number,
): BlockWish['place'] | undefined {
  const letters = lettersOf(name);
  if (letters === undefined) return undefined;
  const index = indexOf(letters);
  switch (bus) {
    case 'virtio':
    case 'sata':
      return { bus, controller: 0, position: index };
    case 'ide':
      return { bus, controller: Math.floor(index / 2), position: index % 2 };
    case 'scsi': {
      const at = index - firstScsi;
      return at < 0 ? undefined : scsiPlace(at);
    }
    case 'fdc':
      return index === 0 ? { bus: 'ide', controller: 0, position: 0 } : undefined;
  }
}
