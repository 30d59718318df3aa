/** The devices of a vm in an OVF descriptor. */
import type {
  ForeignAdapter,
  ForeignBus,
  ForeignDisk,
  ForeignDrive,
  ForeignMachine,
  ForeignPort,
} from './machine.ts';
import type { OvfItem } from './ovf-items.ts';
import type { OvfPackage } from './ovf-package.ts';
import { readMac } from './values.ts';

/** Devices that every vm has anyway: a graphics adapter, a keyboard, and VMware's way from vm to vm. */
const always = /^(24|1 VMCI|\d+ Virtual keyboard|\d+ pointing)/i;

interface Controller {
  readonly bus: ForeignBus;
  readonly number: number;
  readonly subtype: string;
}

function busOf({ kind, subtype }: OvfItem): ForeignBus | undefined {
  if (kind === 'ide' || kind === 'scsi')
    return kind === 'scsi' && /virtio/.test(subtype) ? 'virtio' : kind;
  if (kind !== 'storage') return undefined;
  if (subtype.includes('nvme')) return 'nvme';
  return /ahci|sata/.test(subtype) ? 'sata' : undefined;
}

/** By their ids. Numbers are those that they have where they come from, where each has one of its own. */
function readControllers(items: readonly OvfItem[]): ReadonlyMap<string, Controller> {
  const controllers = new Map<string, Controller>();
  const taken = new Set<string>();
  for (const item of items) {
    const bus = busOf(item);
    if (bus === undefined) continue;
    let number = /^\d{1,3}$/.test(item.address) ? Number(item.address) : 0;
    while (taken.has(`${bus}${number}`)) number += 1;
    taken.add(`${bus}${number}`);
    controllers.set(item.id, { bus, number, subtype: item.subtype });
  }
  return controllers;
}

const scsiModels: Readonly<Record<string, string>> = { virtualscsi: 'pvscsi' };

export function readDevices(
  parts: OvfPackage,
  items: readonly OvfItem[],
): Pick<ForeignMachine, 'disks' | 'drives' | 'scsiModel' | 'floppy'> {
  const controllers = readControllers(items);
  const disks: ForeignDisk[] = [];
  const drives: ForeignDrive[] = [];
  const counts = new Map<string, number>();
  const placeOf = ({ parent, position }: OvfItem): Omit<ForeignDrive, 'medium'> => {
    const { bus, number } = controllers.get(parent) ?? { bus: 'sata', number: 0 };
    const name = `${bus}${number}`;
    const next = position ?? counts.get(name) ?? 0;
    counts.set(name, next + 1);
    return { bus, controller: number, position: next };
  };
  let floppy: ForeignMachine['floppy'];
  for (const item of items) {
    const content = item.resource === '' ? undefined : parts.contentOf(item.resource);
    const medium =
      content?.kind === 'file' ? ({ kind: 'file', file: content.href } as const) : null;
    if (item.kind === 'cd') drives.push({ ...placeOf(item), medium });
    else if (item.kind === 'floppy') floppy ??= { medium };
    else if (item.kind === 'disk') {
      const place = placeOf(item);
      if (content?.kind === 'file') disks.push({ ...place, files: [content.href], undoFiles: [] });
      else if (content?.kind === 'empty')
        parts.lose(
          item.title,
          content.capacity,
          'it has no content: attach a new one of that size',
        );
      else parts.lose(item.title, item.resource, 'a drive of the host is not taken over');
    }
  }
  const scsi = [...controllers.values()].find(({ bus }) => bus === 'scsi')?.subtype;
  return { disks, drives, floppy, scsiModel: scsi ? (scsiModels[scsi] ?? scsi) : null };
}

/** By the words of VMware's configurations. */
const adapterModels: Readonly<Record<string, string>> = { pcnet32: 'vlance', '': 'e1000' };

export function readAdapters(items: readonly OvfItem[]): readonly ForeignAdapter[] {
  return items
    .filter(({ kind }) => kind === 'adapter')
    .map(({ subtype, address, connection, startsConnected }) => ({
      model: adapterModels[subtype] ?? subtype,
      // A package whose maker wants each vm to have an address of its own has none.
      mac: readMac(address),
      macOrigin: 'static',
      network: startsConnected ? connection : null,
    }));
}

/** Where a port led is not in a package. */
export function readPorts(
  parts: OvfPackage,
  items: readonly OvfItem[],
): Pick<ForeignMachine, 'serialPorts' | 'parallelPort'> {
  const none: ForeignPort = { kind: 'none' };
  const of = (kind: string): readonly OvfItem[] => items.filter((item) => item.kind === kind);
  const [serial, parallel] = [of('serial'), of('parallel')];
  for (const item of [...serial.slice(2), ...parallel.slice(1)])
    parts.lose(item.title, '', 'there are two serial ports and one parallel port');
  return {
    serialPorts: serial.slice(0, 2).map(() => none),
    parallelPort: parallel.length > 0 ? none : null,
  };
}

/** VMware has its sound cards among other devices. */
export function soundOf(parts: OvfPackage, items: readonly OvfItem[]): ForeignMachine['sound'] {
  const card = items.find(({ kind, subtype }) => kind === 'sound' || subtype.includes('soundcard'));
  if (card === undefined) return null;
  if (/sb16/.test(card.subtype)) return 'sb16';
  if (/hda/.test(card.subtype)) return 'hda';
  if (!/ac97/.test(card.subtype))
    parts.lose(card.title, card.subtype, 'there is no such sound device; it becomes AC97');
  return 'ac97';
}

export function usbOf(items: readonly OvfItem[]): ForeignMachine['usb'] {
  const kinds = items.filter(({ kind }) => kind === 'usb').map(({ subtype }) => subtype);
  if (kinds.length === 0) return null;
  if (kinds.some((kind) => kind.includes('xhci'))) return '3';
  return kinds.some((kind) => kind.includes('ehci')) ? '2.0' : '1.1';
}

export function loseDevices(parts: OvfPackage, items: readonly OvfItem[]): void {
  for (const item of items) {
    const isTaken =
      item.subtype.includes('soundcard') ||
      item.subtype.includes('.tpm') ||
      busOf(item) !== undefined;
    if (isTaken || always.test(item.title)) continue;
    if (item.kind === undefined || item.kind === 'storage')
      parts.lose(item.title, item.subtype, 'there is no such device');
  }
}
