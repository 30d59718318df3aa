/** Devices of a host with an agent as libvirt describes them (its page "Node devices XML format"), with the names that it gives. Pure. */
import { posix } from 'node:path';
import type { HostDevice, PciAddress } from '#api';
import { element, writeXml, type Element } from '../domain-xml/xml.ts';

type Of<K extends HostDevice['kind']> = Extract<HostDevice, { kind: K }>;

/** That of which everything else hangs. */
export const computer = 'computer';

/** One text for each; what hangs on what is told by where it is in sysfs. */
export function describeDevices(devices: readonly HostDevice[]): readonly string[] {
  const names = new Map(devices.map((device) => [device.path, nameOf(device)]));
  return devices.map((device) => {
    const { driver = null } = 'driver' in device ? device : {};
    const node = deviceFile(device);
    return writeXml(
      element('device', {}, [
        element('name', {}, nameOf(device)),
        element('path', {}, device.path),
        ...(node === undefined ? [] : [element('devnode', { type: 'dev' }, node)]),
        element('parent', {}, parentOf(device, names)),
        ...(driver === null ? [] : [element('driver', {}, [element('name', {}, driver)])]),
        capabilityOf(device),
      ]),
    );
  });
}

function parentOf({ path }: HostDevice, names: ReadonlyMap<string, string>): string {
  for (let at = posix.dirname(path); at.length > 1; at = posix.dirname(at)) {
    const name = names.get(at);
    if (name !== undefined) return name;
  }
  return computer;
}

function nameOf(device: HostDevice): string {
  const plain = (text: string): string => text.replaceAll(/[^\w]/g, '_');
  switch (device.kind) {
    case 'pci':
      return `pci_${plain(textOfAddress(device.address))}`;
    case 'usb-device':
    case 'usb-interface':
      return `usb_${plain(device.name)}`;
    case 'net':
      return `net_${plain(device.name)}_${plain(device.mac)}`;
    case 'storage':
      return `block_${plain(device.name)}`;
    case 'scsi-host':
      return `scsi_host${device.number}`;
    case 'scsi-target':
      return `scsi_${plain(device.name)}`;
    case 'scsi':
      return `scsi_${[device.host, device.bus, device.target, device.lun].join('_')}`;
    case 'scsi-generic':
      return `scsi_generic_${plain(device.name)}`;
  }
}

function deviceFile(device: HostDevice): string | undefined {
  if (device.kind === 'usb-device') {
    const digits = (number: number): string => String(number).padStart(3, '0');
    return `/dev/bus/usb/${digits(device.bus)}/${digits(device.device)}`;
  }
  // What has a slash in its name has another character in sysfs.
  return device.kind === 'storage' || device.kind === 'scsi-generic'
    ? `/dev/${device.name.replaceAll('!', '/')}`
    : undefined;
}

function capabilityOf(device: HostDevice): Element {
  const capability = (type: string, content: readonly Element[]): Element =>
    element('capability', { type }, content);
  switch (device.kind) {
    case 'pci':
      return capability('pci', pciOf(device));
    case 'usb-device':
      return capability('usb_device', [
        element('bus', {}, device.bus),
        element('device', {}, device.device),
        ...productOf(device),
      ]);
    case 'usb-interface':
      return capability('usb', [
        element('number', {}, device.number),
        element('class', {}, device.class),
        element('subclass', {}, device.subclass),
        element('protocol', {}, device.protocol),
      ]);
    case 'net':
      return capability('net', [
        element('interface', {}, device.name),
        element('address', {}, device.mac),
        element('link', { speed: device.speedMbps ?? undefined, state: device.state }),
        capability(device.isWireless ? '80211' : '80203', []),
      ]);
    case 'storage':
      return capability('storage', storageOf(device));
    case 'scsi-host':
      return capability('scsi_host', [
        element('host', {}, device.number),
        ...some('unique_id', device.uniqueId),
      ]);
    case 'scsi-target':
      return capability('scsi_target', [element('target', {}, device.name)]);
    case 'scsi':
      return capability('scsi', [
        element('host', {}, device.host),
        element('bus', {}, device.bus),
        element('target', {}, device.target),
        element('lun', {}, device.lun),
        ...some('type', device.type === null ? null : (scsiTypes[device.type] ?? 'unknown')),
      ]);
    case 'scsi-generic':
      return capability('scsi_generic', [element('char', {}, `/dev/${device.name}`)]);
  }
}

/** Peripheral device types (SPC-4, table 138) in libvirt's words. */
const scsiTypes: Readonly<Record<number, string>> = {
  0: 'disk',
  1: 'tape',
  3: 'processor',
  4: 'worm',
  5: 'cdrom',
  6: 'scanner',
  7: 'mod',
  8: 'changer',
  12: 'raid',
  13: 'enclosure',
};

function pciOf(device: Of<'pci'>): readonly Element[] {
  const { address, bridge, physicalFunction, virtualFunctions, iommuGroup, numaNode } = device;
  const capability = (type: string, more: Element['attributes'], content: readonly Element[]) =>
    element('capability', { type, ...more }, content);
  return [
    element('class', {}, hex(device.class, 6)),
    element('domain', {}, address.domain),
    element('bus', {}, address.bus),
    element('slot', {}, address.slot),
    element('function', {}, address.function),
    ...productOf(device),
    ...(physicalFunction === null
      ? []
      : [capability('phys_function', {}, [addressElement(physicalFunction)])]),
    ...(virtualFunctions === null
      ? []
      : [
          capability(
            'virt_functions',
            { maxCount: virtualFunctions.most },
            virtualFunctions.addresses.map(addressElement),
          ),
        ]),
    ...(bridge === null ? [] : [capability(`${bridge}-bridge`, {}, [])]),
    ...(iommuGroup === null
      ? []
      : [
          element(
            'iommuGroup',
            { number: iommuGroup.number },
            iommuGroup.addresses.map(addressElement),
          ),
        ]),
    ...(numaNode === null ? [] : [element('numa', { node: numaNode })]),
    ...expressOf(device),
  ];
}

/** PCI Express Base, 7.5.3.18: supported link speeds. */
const speeds = ['', '2.5', '5', '8', '16', '32', '64'] as const;

function expressOf({ express }: Of<'pci'>): readonly Element[] {
  if (express === null) return [];
  const { link } = express;
  if (link === null) return [element('pci-express')];
  const speed = (code: number): string | undefined => speeds[code] || undefined;
  return [
    element('pci-express', {}, [
      element('link', {
        validity: 'cap',
        port: link.port,
        speed: speed(link.maxSpeed),
        width: link.maxWidth,
      }),
      element('link', { validity: 'sta', speed: speed(link.speed), width: link.width }),
    ]),
  ];
}

function storageOf(device: Of<'storage'>): readonly Element[] {
  const { type, bus, model, vendor, serial, removable, sizeBytes, blockBytes } = device;
  const blocks = [
    element('logical_block_size', {}, blockBytes),
    element('num_blocks', {}, Math.floor(sizeBytes / blockBytes)),
  ];
  const isThere = sizeBytes > 0;
  return [
    element('block', {}, deviceFile(device) ?? ''),
    ...some('bus', bus),
    element('drive_type', {}, type),
    ...some('model', model),
    ...some('vendor', vendor),
    ...some('serial', serial),
    ...(removable
      ? [
          element('capability', { type: 'removable' }, [
            element('media_available', {}, isThere ? 1 : 0),
            ...(isThere ? [element('media_size', {}, sizeBytes), ...blocks] : []),
          ]),
        ]
      : [element('size', {}, sizeBytes), ...blocks]),
  ];
}

function productOf(device: Of<'pci' | 'usb-device'>): readonly Element[] {
  const { product, productName, vendor, vendorName } = device;
  return [
    element('product', { id: hex(product, 4) }, productName ?? []),
    element('vendor', { id: hex(vendor, 4) }, vendorName ?? []),
  ];
}

function some(name: string, content: string | number | null): readonly Element[] {
  return content === null ? [] : [element(name, {}, content)];
}

function addressElement({ domain, bus, slot, function: of }: PciAddress): Element {
  return element('address', {
    domain: hex(domain, 4),
    bus: hex(bus, 2),
    slot: hex(slot, 2),
    function: hex(of, 1),
  });
}

/** As the kernel writes it. */
export function textOfAddress({ domain, bus, slot, function: of }: PciAddress): string {
  const digits = (number: number, count: number): string =>
    number.toString(16).padStart(count, '0');
  return `${digits(domain, 4)}:${digits(bus, 2)}:${digits(slot, 2)}.${of}`;
}

function hex(number: number, digits: number): string {
  return `0x${number.toString(16).padStart(digits, '0')}`;
}
