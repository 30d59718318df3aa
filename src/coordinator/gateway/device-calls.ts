/** Devices that are attached, detached and changed one by one: disks, media of drives, and network adapters. */
import { isDeepStrictEqual } from 'node:util';
import { placeName, type Adapter, type Disk, type Hardware, type Vm } from '#api';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import { requireActive, type Connection } from './connection.ts';
import type { AdapterWish } from './define/adapter-wish.ts';
import type { BlockWish } from './define/block-wish.ts';
import { mediumOf } from './define/merge-wish.ts';
import { attachmentOf } from './define/plugs.ts';
import { plugsOn } from './vm-plugs.ts';
import { readDevice } from './define/wish.ts';
import { inspectFiles } from './inspect-files.ts';
import { keepBandwidth } from '../domain-xml/bandwidth.ts';
import { firstScsiOf, type BlockDevice } from '../domain-xml/domain-devices.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_ATTACH_DEVICE'
  | 'DOMAIN_ATTACH_DEVICE_FLAGS'
  | 'DOMAIN_DETACH_DEVICE'
  | 'DOMAIN_DETACH_DEVICE_FLAGS'
  | 'DOMAIN_UPDATE_DEVICE_FLAGS'
>;

/** VIR_DOMAIN_AFFECT_LIVE. */
const onlyLive = 1;

interface Work {
  readonly connection: Connection;
  readonly vm: Vm;
  /** As libvirt's virDomainModificationImpact. */
  readonly flags: number;
  readonly signal: AbortSignal;
}
interface Asked {
  readonly dom: DomainHandle;
  readonly xml: string;
  readonly flags?: number;
}
interface Verb {
  disk(work: Work, wish: BlockWish): Promise<void>;
  adapter(work: Work, wish: AdapterWish): Promise<void>;
}

export function deviceCalls(connection: Connection): Calls {
  const act = async (
    verb: Verb,
    { dom, xml, flags = 0 }: Asked,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const vm = connection.find(dom.uuid);
    const device = readDevice(xml, firstScsiOf(vm.definition.hardware));
    const work = { connection, vm, flags, signal };
    if (device.kind === 'disk') await verb.disk(work, device.block);
    else await verb.adapter(work, device.adapter);
    return {};
  };
  return {
    DOMAIN_ATTACH_DEVICE: (asked, { signal }) => act(attach, asked, signal),
    DOMAIN_ATTACH_DEVICE_FLAGS: (asked, { signal }) => act(attach, asked, signal),
    DOMAIN_DETACH_DEVICE: (asked, { signal }) => act(detach, asked, signal),
    DOMAIN_DETACH_DEVICE_FLAGS: (asked, { signal }) => act(detach, asked, signal),
    DOMAIN_UPDATE_DEVICE_FLAGS: (asked, { signal }) => act(update, asked, signal),
  };
}

const attach: Verb = {
  async disk({ connection, vm, signal }, wish) {
    const { place, isLoose, file = '', readOnly, device, limits } = wish;
    const params = { vm: vm.id };
    if (device !== 'disk') {
      const { opticalDrives } = vm.definition.hardware;
      requireOptical(wish, 'attached');
      const drives = [...opticalDrives, { ...place, medium: mediumOf(wish) }];
      await connection.change(vm, { hardware: { opticalDrives: drives } }, signal);
      return;
    }
    // Of a disk whose driver says no type libvirt's own drivers say that it is raw; here the host looks.
    const found =
      wish.format === undefined
        ? await inspectFiles(connection, vm.hostId, [file], signal)
        : undefined;
    const format = wish.format ?? found?.get(file)?.format;
    const at = isLoose ? { bus: place.bus } : place;
    const limited = limits === undefined ? {} : { limits };
    const body = { kind: 'existing', file, format, readOnly, ...at, ...limited };
    await connection.work('vm.disk.attach', { params, body }, signal);
  },
  async adapter({ connection, vm, signal }, wish) {
    const { model, mac, link, bandwidth } = wish;
    const body = {
      attachment: attachmentOf(wish, undefined, plugsOn(connection, vm.hostId)),
      link,
      bandwidth,
      ...(model === undefined ? {} : { model }),
      ...(mac === undefined ? {} : { mac, macMode: 'static' }),
    };
    await connection.work('vm.adapter.attach', { params: { vm: vm.id }, body }, signal);
  },
};

const detach: Verb = {
  async disk({ connection, vm, signal }, wish) {
    const { opticalDrives, disks } = vm.definition.hardware;
    const place = placeName(wish.place);
    const isThere = (one: Pick<Disk, 'bus' | 'controller' | 'position'>): boolean =>
      placeName(one) === place;
    if (wish.device === 'disk') {
      const unplug = async (): Promise<void> => {
        await connection.work('vm.disk.detach', { params: { vm: vm.id, place } }, signal);
      };
      if (disks.some(isThere)) return await unplug();
      const parting = connection.partingDevices.disksWith(vm.id, vm.definition.hardware, place);
      if (parting === undefined) throw noDevice(vm, `disk at ${place}`);
      return await withThemBack({ connection, vm, signal }, { disks: parting }, unplug);
    }
    requireOptical(wish, 'detached');
    if (!opticalDrives.some(isThere)) throw noDevice(vm, `drive at ${place}`);
    const rest = opticalDrives.filter((drive) => !isThere(drive));
    await connection.change(vm, { hardware: { opticalDrives: rest } }, signal);
  },
  async adapter({ connection, vm, signal }, wish) {
    const unplug = async ({ slot }: Adapter): Promise<void> => {
      const params = { vm: vm.id, slot: String(slot) };
      await connection.work('vm.adapter.detach', { params }, signal);
    };
    const own = findAdapter(vm, wish);
    if (own !== undefined) return await unplug(own);
    const { hardware } = vm.definition;
    const parting = connection.partingDevices.adaptersWith(vm.id, hardware, wish.mac);
    const last = parting?.at(-1);
    if (parting === undefined || last === undefined) throw noAdapter(vm, wish);
    await withThemBack({ connection, vm, signal }, { adapters: parting }, () => unplug(last));
  },
};

const update: Verb = {
  async disk(work, wish) {
    const { connection, vm, signal } = work;
    if (wish.device === 'disk') return await limit(work, wish);
    const place = wish.device === 'floppy' ? 'floppy' : placeName(wish.place);
    const params = { vm: vm.id, place };
    const medium = mediumOf(wish);
    if (medium === null) await connection.work('vm.medium.eject', { params }, signal);
    else await connection.work('vm.medium.insert', { params, body: medium }, signal);
  },
  async adapter({ connection, vm, signal }, wish) {
    const own = adapterOf(vm, wish);
    const params = { vm: vm.id, slot: String(own.slot) };
    if (wish.model !== undefined && wish.model !== own.model)
      throw libvirtFault(
        'OPERATION_UNSUPPORTED',
        'the model of an adapter changes with the definition',
      );
    const attachment = attachmentOf(wish, own, plugsOn(connection, vm.hostId));
    const bandwidth = keepBandwidth(own.bandwidth, wish.bandwidth);
    const body = { link: wish.link, attachment, bandwidth };
    await connection.work('vm.adapter.change', { params, body }, signal);
  },
};

/** Errors: OPERATION_UNSUPPORTED where more than its `<iotune>` is another one; DEVICE_MISSING. */
async function limit({ connection, vm, flags, signal }: Work, wish: BlockWish): Promise<void> {
  if ((flags & onlyLive) !== 0) requireActive(vm);
  const wanted = placeName(wish.place);
  const own = connection
    .blockDevicesOf(vm)
    .find(
      ({ device, file, bus, controller, position }) =>
        device === 'disk' &&
        (wish.isLoose ? file === wish.file : `${bus}${controller}:${position}` === wanted),
    );
  if (own === undefined) throw noDevice(vm, `disk at ${wanted}`);
  const other = otherThanLimits(own, wish);
  if (other !== undefined)
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      `of a disk that is attached nothing but its iotune is changed, and ${other} of ${own.target} is another one`,
    );
  if (isDeepStrictEqual(own.limits, wish.limits)) return;
  const place = `${own.bus}${own.controller}:${own.position}`;
  const body = { limits: wish.limits ?? null };
  await connection.work('vm.disk.change', { params: { vm: vm.id, place }, body }, signal);
}

/** The first of what a request says otherwise; what it does not say is as it is. */
function otherThanLimits(own: BlockDevice, wish: BlockWish): string | undefined {
  const { format = own.format, cache = own.cache, discard = own.discard } = wish;
  const pairs = {
    source: [own.file, wish.file],
    type: [own.sourceType === 'block', wish.isDevice],
    format: [own.format, format],
    cache: [own.cache, cache],
    discard: [own.discard, discard],
    readonly: [own.readOnly, wish.readOnly],
    shareable: [own.shared, wish.shared],
    serial: [own.serial, wish.serial],
  };
  return Object.entries(pairs).find(([, [is, wanted]]) => is !== wanted)?.[0];
}

function requireOptical({ device }: BlockWish, done: string): void {
  if (device === 'floppy')
    throw libvirtFault('OPERATION_UNSUPPORTED', `a floppy drive is ${done} with the definition`);
}

/** Does it while the vm that runs has them in its definition, too. Where it cannot be done, they are out of that as before. */
async function withThemBack(
  { connection, vm, signal }: Omit<Work, 'flags'>,
  devices: Partial<Pick<Hardware, 'disks' | 'adapters'>>,
  unplug: () => Promise<void>,
): Promise<void> {
  requireActive(vm);
  await connection.change(vm, { hardware: devices }, signal);
  try {
    await unplug();
  } catch (error) {
    const { disks, adapters } = vm.definition.hardware;
    await connection.change(vm, { hardware: { disks, adapters } }, signal);
    throw error;
  }
}

/** By its MAC address. */
function findAdapter({ definition }: Vm, { mac }: AdapterWish): Adapter | undefined {
  return definition.hardware.adapters.find((one) => one.mac === mac);
}

function adapterOf(vm: Vm, wish: AdapterWish): Adapter {
  const own = findAdapter(vm, wish);
  if (own !== undefined) return own;
  throw noAdapter(vm, wish);
}

function noAdapter(vm: Vm, { mac }: AdapterWish): Error {
  return noDevice(vm, `interface ${mac ?? 'without a MAC address'}`);
}

function noDevice({ name }: Vm, what: string): Error {
  return libvirtFault('DEVICE_MISSING', `${name} has no ${what}`);
}
