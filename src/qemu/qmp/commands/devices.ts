/** Devices, objects, networks and QEMU's object tree (qapi/qdev.json, qom.json, net.json, pci.json). */
import {
  integer,
  isObject,
  list,
  map,
  optional,
  record,
  text,
  type JsonObject,
  type Parser,
} from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, tell, type Monitor } from './ask.ts';

export function deviceAdd(
  monitor: Monitor,
  device: JsonObject,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'device_add', device, options);
}

/** Asks the guest to let go of a device; DEVICE_DELETED tells when it is gone. `detachDevice` waits. */
export function deviceDel(monitor: Monitor, id: string, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'device_del', { id }, options);
}

export function objectAdd(
  monitor: Monitor,
  fields: JsonObject,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'object-add', fields, options);
}

export function objectDel(monitor: Monitor, id: string, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'object-del', { id }, options);
}

export function netdevAdd(
  monitor: Monitor,
  netdev: JsonObject,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'netdev_add', netdev, options);
}

export function netdevDel(monitor: Monitor, id: string, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'netdev_del', { id }, options);
}

/** Plugs the cable of an adapter in or out. */
export function setLink(
  monitor: Monitor,
  adapterId: string,
  link: 'up' | 'down',
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'set_link', { name: adapterId, up: link === 'up' }, options);
}

export interface ObjectProperty {
  readonly name: string;
  /** `child<TYPE>`, `link<TYPE>` or the type of a value. */
  readonly type: string;
}

const parseProperties: Parser<readonly ObjectProperty[]> = list(
  record<ObjectProperty & JsonObject>({ name: text(512), type: text(512) }),
);

export function qomList(
  monitor: Monitor,
  path: string,
  options?: CommandOptions,
): Promise<readonly ObjectProperty[]> {
  return ask(monitor, 'qom-list', { path }, parseProperties, options);
}

export function qomGet(
  monitor: Monitor,
  path: string,
  property: string,
  options?: CommandOptions,
): Promise<unknown> {
  return monitor.execute('qom-get', { path, property }, options);
}

export function qomSet(
  monitor: Monitor,
  path: string,
  property: string,
  value: unknown,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'qom-set', { path, property, value }, options);
}

/** A PCI device as the guest finds it (HW-58). */
export interface PciDevice {
  readonly bus: number;
  readonly slot: number;
  readonly pciFunction: number;
  /** The id given on the command line; empty for what the board brings itself. */
  readonly id: string;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly irq: number | undefined;
  /** Mapped resources, once the firmware has assigned them. */
  readonly regions: readonly PciRegion[];
  /** What lies behind a bridge. */
  readonly behind: readonly PciDevice[];
}

export interface PciRegion {
  readonly bar: number;
  /** Input and output ports, or memory. */
  readonly kind: 'io' | 'memory';
  readonly address: number;
  readonly sizeBytes: number;
}

const maxBridgeDepth = 16;

const parseRegion = map(
  record({ bar: integer(0, 6), type: text(16), address: anyInteger(), size: integer(0) }),
  (region): PciRegion => ({
    bar: region.bar,
    kind: region.type === 'io' ? 'io' : 'memory',
    address: region.address,
    sizeBytes: region.size,
  }),
);

/** An unassigned region has the address -1, which some versions write as 2^64 - 1. */
function anyInteger(): Parser<number> {
  return (value) => (typeof value === 'number' ? value : -1);
}

function parsePciDevice(depth: number): Parser<PciDevice> {
  const shape = record({
    bus: integer(0, 255),
    slot: integer(0, 31),
    function: integer(0, 7),
    qdev_id: text(256),
    id: record({ vendor: integer(0), device: integer(0) }),
    irq: optional(integer(0)),
    regions: list(parseRegion, 7),
    pci_bridge: (value: unknown) => value,
  });
  return (value, place) => {
    const device = shape(value, place);
    const bridge = isObject(device.pci_bridge) ? device.pci_bridge : {};
    const inner = depth > 0 ? bridge['devices'] : undefined;
    return {
      bus: device.bus,
      slot: device.slot,
      pciFunction: device.function,
      id: device.qdev_id,
      vendorId: device.id.vendor,
      deviceId: device.id.device,
      irq: device.irq,
      regions: device.regions,
      behind: list(parsePciDevice(depth - 1), 256)(inner ?? [], `${place}.pci_bridge.devices`),
    };
  };
}

const parsePci = map(
  list(record({ bus: integer(0, 255), devices: list(parsePciDevice(maxBridgeDepth), 256) }), 256),
  (buses) => buses.flatMap(({ devices }) => devices),
);

export function queryPci(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly PciDevice[]> {
  return ask(monitor, 'query-pci', undefined, parsePci, options);
}
