/**
 * Disks, drives and adapters of a definition as elements of a domain's XML (libvirt's page "Domain XML format"). What a
 * hypervisor chooses best itself, such as the address on its PCI bus, is left to it. Pure.
 */
import {
  busPositions,
  unlimited,
  type Adapter,
  type Attachment,
  type Bandwidth,
  type Disk,
  type Medium,
} from '#api';
import { attributeOf, escapeXml, find, iotuneOf, rateUnitBits, type XmlNode } from '#foreign';
import { Fault } from '#lib';
import type { Place } from '../hardware/places.ts';

type Words = Readonly<Record<string, string | number | undefined>>;

export function element(name: string, words: Words, content = ''): string {
  const said = Object.entries(words)
    .flatMap(([key, value]) =>
      value === undefined ? [] : [` ${key}='${escapeXml(String(value))}'`],
    )
    .join('');
  return content === '' ? `<${name}${said}/>` : `<${name}${said}>${content}</${name}>`;
}

const prefixes = { ide: 'hd', sata: 'sd', scsi: 'sd', virtio: 'vd' } as const;

/**
 * The device that the guest may see, not one of those that are taken: buses share names. Errors: `exists` on virtio, where
 * the name is the place.
 */
export function targetOf(place: Place, taken: ReadonlySet<string>): string {
  const { bus, controller, position } = place;
  const prefix = prefixes[bus];
  for (
    let number = controller * busPositions[bus].positions + position;
    number < 702;
    number += 1
  ) {
    const device = `${prefix}${lettersOf(number)}`;
    if (!taken.has(device)) return device;
    if (bus === 'virtio') throw new Fault('exists', `its device ${device} is taken`);
  }
  throw new Fault('exhausted', `no device is free on the bus ${bus}`);
}

/** 0 is `a`, 26 `aa`. */
function lettersOf(number: number): string {
  const last = String.fromCharCode(97 + (number % 26));
  return number < 26 ? last : `${lettersOf(Math.floor(number / 26) - 1)}${last}`;
}

export function takenTargets(disks: readonly XmlNode[]): ReadonlySet<string> {
  return new Set(disks.map((disk) => attributeOf(find(disk, 'target'), 'dev') ?? ''));
}

/** Of a virtio disk there is none: its name is its place. */
function addressXml({ bus, controller, position }: Place): string {
  if (bus === 'virtio') return '';
  const at = bus === 'ide' ? { controller: 0, bus: controller } : { controller, bus: 0 };
  return element('address', { type: 'drive', ...at, target: 0, unit: position });
}

/** Of a file, or of a device of the host. */
export function sourceWords(file: string): {
  readonly type: 'file' | 'block';
  readonly key: string;
} {
  return file.startsWith('/dev/') ? { type: 'block', key: 'dev' } : { type: 'file', key: 'file' };
}

/** `kept`: what of it is no limit, as it is there. Empty where there is nothing to say. */
export function iotuneXml(limits: Disk['limits'], kept = ''): string {
  const told = [...iotuneOf(limits)].map(([word, number]) => element(word, {}, String(number)));
  const content = `${told.join('')}${kept}`;
  return content === '' ? '' : element('iotune', {}, content);
}

export function diskXml(disk: Disk, target: string): string {
  const { file, format, cache, discard, readOnly, shared, serial, bus, limits } = disk;
  const { type, key } = sourceWords(file);
  const driver = {
    type: format,
    cache: cache === 'writeback' ? undefined : cache,
    discard: discard ? 'unmap' : undefined,
  };
  const parts = [
    element('driver', driver),
    element('source', { [key]: file }),
    element('target', { dev: target, bus }),
    iotuneXml(limits),
    serial === '' ? '' : element('serial', {}, escapeXml(serial)),
    readOnly ? '<readonly/>' : '',
    shared ? '<shareable/>' : '',
    addressXml(disk),
  ];
  return element('disk', { type, device: 'disk' }, parts.join(''));
}

/** Errors: `unsupported` for an image of Gantry. */
export function mediumFile(medium: Medium): string {
  switch (medium.kind) {
    case 'file':
      return medium.file;
    case 'device':
      return medium.device;
    case 'image':
      throw new Fault('unsupported', 'images of Gantry are on hosts with an agent', {
        hint: 'name a file that is on the hypervisor',
      });
  }
}

export function driveXml(place: Place, medium: Medium | null, target: string): string {
  const file = medium === null ? undefined : mediumFile(medium);
  const { type, key } = sourceWords(file ?? '');
  const source = file === undefined ? '' : element('source', { [key]: file });
  const parts = [
    source,
    element('target', { dev: target, bus: place.bus }),
    '<readonly/>',
    addressXml(place),
  ];
  return element('disk', { type, device: 'cdrom' }, parts.join(''));
}

export function floppyXml(medium: Medium | null, access: 'read-only' | 'writable'): string {
  const file = medium === null ? undefined : mediumFile(medium);
  const { type, key } = sourceWords(file ?? '');
  const source = file === undefined ? '' : element('source', { [key]: file });
  const rest = access === 'read-only' ? '<readonly/>' : '';
  const target = element('target', { dev: 'fda', bus: 'fdc' });
  return element('disk', { type, device: 'floppy' }, `${source}${target}${rest}`);
}

/** A network of the hypervisor's, or a bridge of its host. */
export interface Plug {
  readonly type: string;
  /** Undefined where there is none to name. */
  readonly source: Words | undefined;
}

/** Errors: `unsupported` for a network of Gantry, `invalid` for what names none. */
export function plugOf(attachment: Attachment): Plug {
  switch (attachment.kind) {
    case 'none':
      return { type: 'null', source: undefined };
    case 'user':
      return { type: 'user', source: undefined };
    case 'network':
      throw new Fault('unsupported', 'networks of Gantry are carried by hosts with an agent', {
        hint: 'name a network of its hypervisor',
      });
    case 'foreign': {
      const [, type = '', name = ''] = /^(network|bridge) (.+)$/.exec(attachment.name) ?? [];
      if (name !== '') return { type, source: { [type]: name } };
      throw new Fault('invalid', `${attachment.name} is not what an adapter is plugged into here`, {
        hint: 'write network NAME or bridge NAME, as its hypervisor calls it',
      });
    }
  }
}

/**
 * `there` with the limits that have become others; empty where nothing is left to say. A new limit is the most that there is:
 * a peak and a burst above it go, what is guaranteed stays.
 */
export function bandwidthXml(
  there: XmlNode | undefined,
  base: Bandwidth,
  wanted: Bandwidth,
): string {
  const limits = (['inbound', 'outbound'] as const).map((direction) => {
    const known = find(there, direction);
    const bits = wanted[`${direction}BitsPerSecond`];
    if (bits === base[`${direction}BitsPerSecond`])
      return known === undefined ? '' : element(direction, Object.fromEntries(known.attributes));
    const average = bits === null ? undefined : Math.round(bits / rateUnitBits);
    const floor = attributeOf(known, 'floor');
    return average === undefined && floor === undefined
      ? ''
      : element(direction, { average, floor });
  });
  const content = limits.join('');
  return content === '' ? '' : element('bandwidth', {}, content);
}

export function adapterXml({ mac, model, attachment, link, bandwidth }: Adapter): string {
  const { type, source } = plugOf(attachment);
  const parts = [
    element('mac', { address: mac }),
    source === undefined ? '' : element('source', source),
    element('model', { type: model }),
    link === 'down' ? element('link', { state: 'down' }) : '',
    bandwidthXml(undefined, unlimited, bandwidth),
  ];
  return element('interface', { type }, parts.join(''));
}
