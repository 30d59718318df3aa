/**
 * What somebody wants of a vm's devices, merged with those that it has: one that stays keeps everything that domain XML
 * cannot say of it. Pure.
 */
import {
  plainPort,
  withoutLimits,
  type Adapter,
  type Disk,
  type Hardware,
  type Medium,
  type OpticalDrive,
  type PortBackend,
} from '#api';
import { libvirtFault } from '#libvirt';
import { keepBandwidth } from '../../domain-xml/bandwidth.ts';
import type { BlockDevice } from '../../domain-xml/domain-devices.ts';
import type { AdapterWish } from './adapter-wish.ts';
import type { BlockWish } from './block-wish.ts';
import { attachmentOf, type Plugs } from './plugs.ts';
import type { DomainWish } from './wish.ts';

export interface MergeContext {
  /** Undefined for a new vm. */
  readonly before: Hardware | undefined;
  /** Of `before`, in its order: disks, optical drives, floppy. */
  readonly shown: readonly BlockDevice[];
  /** What the host says of a file. */
  readonly found: ReadonlyMap<string, FoundDisk>;
  readonly plugs: Plugs;
  readonly makeMac: () => string;
}

export interface FoundDisk {
  readonly format: Disk['format'];
  readonly sizeBytes: number;
}

type Devices = Pick<Hardware, 'disks' | 'opticalDrives' | 'floppy' | 'adapters'> & {
  readonly serialPorts: readonly PortBackend[];
};

/** Errors: INVALID_ARG for a disk without a file. */
export function mergeDevices(wish: DomainWish, context: MergeContext): Devices {
  const of = (device: BlockWish['device']): BlockWish[] =>
    wish.blocks.filter((block) => block.device === device);
  return {
    disks: of('disk').map((block) => diskOf(block, context)),
    opticalDrives: of('cdrom').map((block) => driveOf(block, context)),
    floppy: floppyOf(of('floppy')[0], context),
    adapters: adaptersOf(wish.adapters, context),
    serialPorts: portsOf(wish.serialPorts, context.before?.serialPorts ?? []),
  };
}

/** A port that leads nowhere is not in the XML; a terminal of the host and ours are the same to libvirt. */
function portsOf(
  wishes: readonly PortBackend[],
  own: readonly PortBackend[],
): readonly PortBackend[] {
  const more = Array.from(
    { length: Math.max(0, own.length - wishes.length) },
    () => ({ kind: 'none' }) as const,
  );
  return [...wishes, ...more].map((port, index) => {
    const before = own[index];
    return port.kind === 'console' && before?.kind === 'pty' ? before : port;
  });
}

/** Files of disks that the vm has not yet, or of which nothing was known when it got them. */
export function newFiles({ blocks }: DomainWish, shown: readonly BlockDevice[]): string[] {
  const isKnown = (file: string): boolean =>
    shown.some((one) => one.file === file && one.sizeBytes !== 0);
  return blocks.flatMap(({ device, file }) =>
    device !== 'disk' || file === undefined || isKnown(file) ? [] : [file],
  );
}

function diskOf(wish: BlockWish, { before, shown, found }: MergeContext): Disk {
  const { file, place, readOnly, shared, serial, cache, discard, limits } = wish;
  if (file === undefined) throw libvirtFault('INVALID_ARG', `the disk on ${place.bus} has no file`);
  const own = before?.disks[shown.findIndex((one) => one.device === 'disk' && one.file === file)];
  const known = found.get(file);
  if (own === undefined && known === undefined)
    throw libvirtFault('INVALID_ARG', `nothing is known of the disk ${file.slice(0, 200)}`);
  return {
    file,
    format: 'raw',
    sizeBytes: 0,
    ...(own && withoutLimits(own)),
    ...known,
    ...place,
    ...(limits === undefined ? {} : { limits }),
    readOnly,
    shared,
    serial,
    cache: cache ?? own?.cache ?? 'writeback',
    discard: discard ?? own?.discard ?? true,
  };
}

function driveOf(wish: BlockWish, { before, shown }: MergeContext): OpticalDrive {
  const { bus, controller, position } = wish.place;
  const own = before?.opticalDrives.find(
    (one) => one.bus === bus && one.controller === controller && one.position === position,
  );
  const showsIt = shown.some(({ device, file }) => device === 'cdrom' && file === wish.file);
  const medium =
    own !== undefined && showsIt && wish.file !== undefined ? own.medium : mediumOf(wish);
  return { bus, controller, position, medium };
}

function floppyOf(
  wish: BlockWish | undefined,
  { before, shown }: MergeContext,
): Hardware['floppy'] {
  if (wish === undefined) return null;
  const isSame = shown.find(({ device }) => device === 'floppy')?.file === wish.file;
  const medium = isSame && before?.floppy ? before.floppy.medium : mediumOf(wish);
  return { medium, readOnly: wish.readOnly };
}

export function mediumOf({ file, isDevice }: BlockWish): Medium | null {
  if (file === undefined) return null;
  return isDevice ? { kind: 'device', device: file } : { kind: 'file', file };
}

const maxSlots = 16;

/** An adapter is known by its MAC address. */
function adaptersOf(
  wishes: readonly AdapterWish[],
  { before, plugs, makeMac }: MergeContext,
): Adapter[] {
  const own = before?.adapters ?? [];
  const kept = wishes.map((wish) => own.find(({ mac }) => mac === wish.mac));
  const used = new Set(kept.flatMap((adapter) => adapter?.slot ?? []));
  const free = Array.from({ length: maxSlots }, (_, slot) => slot).filter(
    (slot) => !used.has(slot),
  );
  return wishes.map((wish, index): Adapter => {
    const { model, link, mac, bandwidth } = wish;
    const adapter = kept[index];
    const attachment = attachmentOf(wish, adapter, plugs);
    if (adapter !== undefined)
      return {
        ...adapter,
        link,
        attachment,
        model: model ?? adapter.model,
        bandwidth: keepBandwidth(adapter.bandwidth, bandwidth),
      };
    return {
      slot: free.shift() ?? maxSlots,
      model: model ?? 'virtio',
      mac: mac ?? makeMac(),
      macMode: mac === undefined ? 'dynamic' : 'static',
      attachment,
      link,
      optional: false,
      ...plainPort,
      bandwidth,
    };
  });
}
