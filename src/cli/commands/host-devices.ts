/** The hardware of a host as its kernel knows it. */
import type { HostDevice, PciAddress } from '#api';
import { formatBytes } from '#lib';
import { command, type Command } from '../command.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const columns: readonly Column<HostDevice>[] = [
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'NAME', value: nameOf },
  { title: 'DRIVER', value: (device) => ('driver' in device ? (device.driver ?? '-') : '-') },
  { title: 'WHAT', value: whatIs },
];

function nameOf(device: HostDevice): string {
  if (device.kind === 'pci') return textOf(device.address);
  if (device.kind === 'scsi-host') return `host${device.number}`;
  if (device.kind === 'scsi') return [device.host, device.bus, device.target, device.lun].join(':');
  return device.name;
}

function textOf({ domain, bus, slot, function: of }: PciAddress): string {
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${of}`;
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}

function whatIs(device: HostDevice): string {
  if (device.kind === 'pci' || device.kind === 'usb-device') {
    const { vendor, vendorName, product, productName } = device;
    const names = [vendorName, productName].flatMap((name) => name ?? []);
    return [`${hex(vendor, 4)}:${hex(product, 4)}`, ...names].join(' ');
  }
  if (device.kind === 'net') return `${device.mac} ${device.state}`;
  if (device.kind !== 'storage') return '';
  const { vendor, model, sizeBytes } = device;
  return [vendor, model, formatBytes(sizeBytes)].flatMap((part) => part ?? []).join(' ');
}

export const hostDeviceCommands: readonly Command[] = [
  command({
    name: 'host devices',
    summary: 'the PCI, USB, SCSI, storage and network devices of a host, as its kernel knows them',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    options: {},
    examples: ['gantry host devices h1'],
    async run({ args: [host = ''], client, out, format, signal }) {
      const asked = { params: { host } };
      const { devices, complete } = await client.call('host.device.list', asked, signal);
      writeList(out, format, columns, devices, 'no devices');
      if (!complete) out.note('there are more devices than are told');
    },
  }),
];
