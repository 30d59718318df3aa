/**
 * Devices of hosts as libvirt's clients see them: of a host with an agent what that reads from sysfs, of a hypervisor that others
 * run what its libvirtd tells, both asked for when a client lists them. They are shown and not given to vms. A device is called
 * as there, and NAME@HOST where the connection shows devices of several hosts.
 *
 * Invariant: a host that is away, or slow, delays nobody for longer than `patienceMs`. It has no devices then; one with an
 * agent itself and the adapters that the inventory has.
 */
import type { Host, HostDevice } from '#api';
import { find, readXml, textOf, attributeOf, findAll } from '#foreign';
import { libvirtFault } from '#libvirt';
import type { Connection } from './connection.ts';
import { element, writeXml } from '../domain-xml/xml.ts';
import { computer, describeDevices } from './own-devices.ts';
import { shownHosts } from './shown-hosts.ts';

export interface NodeDevice {
  /** As this connection calls it. */
  readonly name: string;
  readonly parent: string | null;
  /** libvirt's words: `pci`, `net` and others. */
  readonly kinds: readonly string[];
  readonly xml: string;
}

/** What foreign hosts answer it by (agent/foreign/extensions.ts). */
const extension = 'node-devices';
const patienceMs = 3_000;
/** As long as a client takes that lists devices and then asks for each. */
const maxAgeMs = 10_000;

export class NodeDevices {
  readonly #connection: Connection;
  #told:
    | {
        readonly atMs: number;
        /** Of hosts, until then. */
        readonly heard: number;
        readonly devices: Promise<readonly NodeDevice[]>;
      }
    | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Of all hosts that the connection shows. */
  all(signal: AbortSignal): Promise<readonly NodeDevice[]> {
    const { coordinator, caller, desk } = this.#connection.parts;
    desk.admit(caller, 'host.list');
    const now = coordinator.clock.now();
    const { heard } = coordinator.hypervisorEvents;
    const { atMs = -Infinity, heard: before } = this.#told ?? {};
    if (this.#told === undefined || now - atMs > maxAgeMs || heard !== before)
      this.#told = { atMs: now, heard, devices: this.#ask(signal) };
    return this.#told.devices;
  }

  /** Errors: NO_NODE_DEVICE. */
  async find(name: string, signal: AbortSignal): Promise<NodeDevice> {
    const found = (await this.all(signal)).find((one) => one.name === name);
    if (found !== undefined) return found;
    throw noDevice(name);
  }

  async #ask(signal: AbortSignal): Promise<readonly NodeDevice[]> {
    const hosts = shownHosts(this.#connection);
    const told = await Promise.all(
      hosts.map(async (host) => ({ host, texts: await this.#textsOf(host, signal) })),
    );
    const those = told.filter(({ texts }) => texts.length > 0);
    return those.flatMap(({ host, texts }) =>
      texts.flatMap((text) => readDevice(text, those.length === 1 ? '' : `@${host.name}`)),
    );
  }

  async #textsOf(host: Host, signal: AbortSignal): Promise<readonly string[]> {
    const { facts, id } = host;
    if (facts === null) return [];
    if (facts.foreign === undefined)
      return [machine(host), ...describeDevices(await this.#ownDevices(host, signal))];
    if (!mayHaveDevices(host)) return [];
    const params = { name: extension, argument: null };
    const answer = await this.#links
      .call(id, 'host.extension', params, { signal: soon(signal) })
      .catch(() => undefined);
    return answer?.output.match(/<device>[^]*?<\/device>/g) ?? [];
  }

  async #ownDevices(host: Host, signal: AbortSignal): Promise<readonly HostDevice[]> {
    if (host.status !== 'ready') return knownAdapters(host);
    try {
      const told = await this.#links.call(host.id, 'host.devices', {}, { signal: soon(signal) });
      return told.devices;
    } catch {
      return knownAdapters(host);
    }
  }

  get #links(): Connection['parts']['coordinator']['links'] {
    return this.#connection.parts.coordinator.links;
  }
}

/** Of a device that its hypervisor has just told of, whether or not it is still there. */
export function nameOfTheirDevice(connection: Connection, host: Host, name: string): string {
  const those = shownHosts(connection).filter(mayHaveDevices);
  return those.every(({ id }) => id === host.id) ? name : `${name}@${host.name}`;
}

/** One that has none of all that it could have is none that anybody has seen. */
function mayHaveDevices({ facts, status }: Host): boolean {
  if (facts?.foreign === undefined) return facts !== null;
  const knows = facts.extensions?.some(({ name, of }) => of === 'host' && name === extension);
  return knows === true && status === 'ready';
}

function soon(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
}

export function noDevice(name: string): Error {
  return libvirtFault(
    'NO_NODE_DEVICE',
    `Node device not found: no node device with matching name '${name.slice(0, 200)}'`,
  );
}

/** The machine itself. */
function machine({ id }: Host): string {
  return writeXml(
    element('device', {}, [
      element('name', {}, computer),
      element('capability', { type: 'system' }, [
        element('hardware', {}, [element('uuid', {}, id)]),
        element('firmware'),
      ]),
    ]),
  );
}

/** Adapters as the inventory has them: all that is known of a host whose agent does not tell its devices. */
function knownAdapters({ facts }: Host): readonly HostDevice[] {
  return (facts?.interfaces ?? []).flatMap(({ name, mac }): HostDevice[] => {
    if (mac === null) return [];
    const path = `/sys/class/net/${name}`;
    const unknown = { state: 'unknown', speedMbps: null, isWireless: false };
    return [{ kind: 'net', name, path, mac, ...unknown }];
  });
}

/** None for what is no description of a device. Pure. */
export function readDevice(text: string, suffix: string): NodeDevice[] {
  let root;
  try {
    root = readXml(text);
  } catch {
    return [];
  }
  const own = textOf(find(root, 'name'));
  if (own === undefined || own === '') return [];
  const parent = textOf(find(root, 'parent'));
  const capabilities = findAll(root, 'capability');
  const inner = capabilities.flatMap((one) => findAll(one, 'capability'));
  const kinds = [...capabilities, ...inner].flatMap((one) => attributeOf(one, 'type') ?? []);
  return [
    {
      name: `${own}${suffix}`,
      parent: parent === undefined ? null : `${parent}${suffix}`,
      kinds: [...new Set(kinds)].filter((kind) => Object.hasOwn(kindFlags, kind)),
      xml: text.replace(
        /<(name|parent)>([^<]*)<\/\1>/g,
        (_, tag: string, name: string) => `<${tag}>${name}${suffix}</${tag}>`,
      ),
    },
  ];
}

/** virConnectListAllNodeDeviceFlags by what virNodeDeviceListCaps calls them. */
export const kindFlags: Readonly<Record<string, number>> = {
  system: 1,
  pci: 2,
  usb_device: 4,
  usb: 8,
  net: 16,
  scsi_host: 32,
  scsi_target: 64,
  scsi: 128,
  storage: 256,
  fc_host: 512,
  vports: 1024,
  scsi_generic: 2048,
  drm: 4096,
  mdev_types: 8192,
  mdev: 16_384,
  ccw: 32_768,
  css: 65_536,
  vdpa: 131_072,
  ap_card: 262_144,
  ap_queue: 524_288,
  ap_matrix: 1_048_576,
  vpd: 2_097_152,
};
