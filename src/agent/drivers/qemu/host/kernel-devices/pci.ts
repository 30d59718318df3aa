/** PCI devices (Documentation/ABI/testing/sysfs-bus-pci), and what their configuration space tells (PCI Express Base, 7.5.3). */
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { HostDevice, PciAddress } from '#api';
import { findNames } from './device-ids.ts';
import { followAll, listNames, readBytes, readLinkName, readNumber } from './sysfs.ts';

type Pci = Extract<HostDevice, { kind: 'pci' }>;

const maxFunctions = 256;
/** Only PCI Express has more of a configuration space. */
const oldBytes = 256;

export async function listPci(sysfs: string): Promise<readonly Pci[]> {
  const found = await followAll(sysfs, 'bus/pci/devices');
  const read = await Promise.all(found.map(({ name, path }) => readPci(name, path)));
  const devices = read.flat();
  const names = await findNames('pci.ids', devices);
  return devices.map((device) => {
    const { vendor: vendorName, product: productName } = names(device);
    return { ...device, vendorName, productName };
  });
}

async function readPci(name: string, path: string): Promise<Pci[]> {
  const address = addressOf(name);
  const at = (file: string): string => join(path, file);
  const [vendor, product, code] = await Promise.all([
    readNumber(at('vendor')),
    readNumber(at('device')),
    readNumber(at('class')),
  ]);
  if (address === undefined || vendor === null || product === null) return [];
  const config = await readBytes(at('config'), oldBytes + 1);
  return [
    {
      kind: 'pci',
      path,
      driver: await readLinkName(at('driver')),
      address,
      class: code ?? 0,
      vendor: vendor & 0xffff,
      vendorName: null,
      product: product & 0xffff,
      productName: null,
      bridge: bridgeOf(config),
      physicalFunction: addressOf((await readLinkName(at('physfn'))) ?? '') ?? null,
      virtualFunctions: await readFunctions(path),
      iommuGroup: await readGroup(path),
      numaNode: await readNumber(at('numa_node')),
      express: expressOf(config),
    },
  ];
}

/** `0000:00:1f.2`. */
export function addressOf(name: string): PciAddress | undefined {
  const [, ...parts] = /^([\da-f]{4,8}):([\da-f]{2}):([\da-f]{2})\.([0-7])$/.exec(name) ?? [];
  const [domain, bus, slot, function_] = parts.map((part) => Number.parseInt(part, 16));
  if (domain === undefined || bus === undefined || slot === undefined || function_ === undefined)
    return undefined;
  return { domain, bus, slot, function: function_ };
}

/** The type of the header; PCI Local Bus 3.0, 6.1. */
export function bridgeOf(config: Buffer): Pci['bridge'] {
  const type = config.length > 0x0e ? config.readUInt8(0x0e) & 0x7f : 0;
  return type === 1 ? 'pci' : type === 2 ? 'cardbus' : null;
}

/** In units of the link's registers; null for a device that is not on PCI Express, or of which nobody may read that. */
export function expressOf(config: Buffer): Pci['express'] {
  const at = findCapability(config, 0x10);
  // A host bridge may have nothing but the room for it.
  if (at === undefined) return config.length > oldBytes ? { link: null } : null;
  if (at + 0x14 > config.length) return null;
  const type = (config.readUInt16LE(at + 2) >> 4) & 0xf;
  // A part of the root complex has no link.
  if (type === 0x9 || type === 0xa) return { link: null };
  const able = config.readUInt32LE(at + 0x0c);
  const now = config.readUInt16LE(at + 0x12);
  return {
    link: {
      port: able >>> 24,
      maxSpeed: able & 0xf,
      maxWidth: (able >> 4) & 0x3f,
      speed: now & 0xf,
      width: (now >> 4) & 0x3f,
    },
  };
}

/** The list of capabilities may lead in a circle. */
function findCapability(config: Buffer, wanted: number): number | undefined {
  if (config.length < 0x40 || (config.readUInt16LE(0x06) & 0x10) === 0) return undefined;
  let at = config.readUInt8(0x34) & 0xfc;
  for (let count = 0; count < 48 && at >= 0x40 && at + 2 <= config.length; count += 1) {
    if (config.readUInt8(at) === wanted) return at;
    at = config.readUInt8(at + 1) & 0xfc;
  }
  return undefined;
}

async function readFunctions(path: string): Promise<Pci['virtualFunctions']> {
  const most = await readNumber(join(path, 'sriov_totalvfs'));
  if (most === null) return null;
  const links = (await listNames(path)).filter((name) => /^virtfn\d+$/.test(name));
  const order = links.toSorted((one, other) => Number(one.slice(6)) - Number(other.slice(6)));
  const names = await Promise.all(
    order.slice(0, maxFunctions).map((link) => readLinkName(join(path, link))),
  );
  return { most, addresses: names.flatMap((name) => addressOf(name ?? '') ?? []) };
}

async function readGroup(path: string): Promise<Pci['iommuGroup']> {
  const folder = await realpath(join(path, 'iommu_group')).catch(() => null);
  if (folder === null || !/^\d{1,9}$/.test(basename(folder))) return null;
  const names = (await listNames(join(folder, 'devices'))).slice(0, maxFunctions);
  return {
    number: Number(basename(folder)),
    addresses: names.flatMap((name) => addressOf(name) ?? []),
  };
}
