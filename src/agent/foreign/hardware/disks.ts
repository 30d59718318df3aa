/** Disks and drives of a domain's XML, in the words of a definition. Pure. */
import {
  diskLimitsSchema,
  diskSchema,
  floppySchema,
  limitsSaid,
  opticalDriveSchema,
  placeName,
  type Disk,
  type Hardware,
} from '#api';
import { attributeOf, find, limitsOfIotune, textOf, wholeNumber, type XmlNode } from '#foreign';
import { placeOf } from './places.ts';

export interface ReadDisks extends Pick<Hardware, 'disks' | 'opticalDrives' | 'floppy'> {
  /** Those that Gantry has no word for. */
  readonly others: readonly string[];
}

/** Virtual sizes by the devices' names, as the hypervisor counts; what it does not tell is 0. */
export type Sizes = ReadonlyMap<string, number>;

export function readDisks(elements: readonly XmlNode[], sizes: Sizes): ReadDisks {
  const disks: Hardware['disks'] = [];
  const opticalDrives: Hardware['opticalDrives'] = [];
  const others: string[] = [];
  let floppy: Hardware['floppy'] = null;
  const places = new Set<string>();
  const isFree = (name: string): boolean => !places.has(name) && places.add(name).size > 0;
  for (const element of elements) {
    const device = attributeOf(element, 'device') ?? 'disk';
    const place = placeOf(element);
    const taken = place !== undefined && isFree(placeName(place)) ? place : undefined;
    if (device === 'floppy' && floppy === null) {
      const readOnly = find(element, 'readonly') !== undefined;
      floppy = floppySchema.safeParse({ medium: mediumOf(element), readOnly }).data ?? null;
      if (floppy !== null) continue;
    } else if (device === 'cdrom' && taken !== undefined) {
      const drive = opticalDriveSchema.safeParse({ ...taken, medium: mediumOf(element) }).data;
      if (drive !== undefined) {
        opticalDrives.push(drive);
        continue;
      }
    } else if (taken !== undefined) {
      const disk = diskSchema.safeParse({ ...taken, ...contentOf(element, sizes) }).data;
      if (disk !== undefined) {
        disks.push(disk);
        continue;
      }
    }
    others.push(describe(element, device));
  }
  return { disks, opticalDrives, floppy, others };
}

function contentOf(element: XmlNode, sizes: Sizes): Record<string, unknown> {
  const driver = find(element, 'driver');
  const cache = attributeOf(driver, 'cache') ?? 'default';
  const format = attributeOf(driver, 'type') ?? 'raw';
  const isShared = find(element, 'shareable') !== undefined;
  return {
    file: sourceOf(element),
    format,
    sizeBytes: sizes.get(attributeOf(find(element, 'target'), 'dev') ?? '') ?? 0,
    readOnly: find(element, 'readonly') !== undefined,
    shared: isShared && format === 'raw' && cache === 'none',
    discard: attributeOf(driver, 'discard') === 'unmap',
    // Each without what it adds to one that has a word.
    cache: { default: 'writeback', directsync: 'writethrough' }[cache] ?? cache,
    serial: textOf(find(element, 'serial')) ?? '',
    ...limitsIn(find(element, 'iotune')),
  };
}

/** None where they are none that a disk of Gantry's can have: the disk is one all the same. */
function limitsIn(iotune: XmlNode | undefined): Pick<Disk, 'limits'> {
  const told = (iotune?.children ?? []).flatMap((node) => {
    const number = wholeNumber(textOf(node));
    return number === undefined ? [] : [[node.name, number] as const];
  });
  const limits = limitsSaid(diskLimitsSchema.safeParse(limitsOfIotune(new Map(told))).data);
  return limits === undefined ? {} : { limits };
}

function mediumOf(element: XmlNode): unknown {
  const source = sourceOf(element);
  if (source === undefined) return null;
  return attributeOf(element, 'type') === 'block'
    ? { kind: 'device', device: source }
    : { kind: 'file', file: source };
}

/** A file, a device of the host, or where it is on the network; undefined for an empty drive. */
function sourceOf(element: XmlNode): string | undefined {
  const source = find(element, 'source');
  const told = (name: string): string | undefined => attributeOf(source, name);
  const pair = (first?: string, second?: string, mark = '/'): string | undefined =>
    first === undefined || second === undefined ? undefined : `${first}${mark}${second}`;
  switch (attributeOf(element, 'type') ?? 'file') {
    case 'block':
      return told('dev');
    case 'network':
      return pair(told('protocol'), told('name'), ':');
    case 'volume':
      return pair(told('pool'), told('volume'));
    default:
      return told('file');
  }
}

function describe(element: XmlNode, device: string): string {
  const told = [
    attributeOf(find(element, 'target'), 'dev'),
    attributeOf(find(element, 'target'), 'bus'),
    attributeOf(find(element, 'driver'), 'type'),
    sourceOf(element),
  ];
  return [device, ...told.filter((text) => text !== undefined)].join(' ');
}
