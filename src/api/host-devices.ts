/** Devices of a host as its kernel knows them: shown, and given to no vm. */
import { z } from 'zod';

export const maxHostDevices = 4096;

const number = z.number().int().min(0);
const path = z.string().max(4096).meta({ description: 'in sysfs, with all links followed' });
const name = z.string().max(200).meta({ description: 'by which the kernel calls it' });
const text = z.string().max(200).nullable();
const driver = text.meta({ description: 'of the kernel; null: none has it' });
const ids = {
  vendor: number.max(0xffff),
  vendorName: text,
  product: number.max(0xffff),
  productName: text,
};

export const pciAddressSchema = z
  .strictObject({ domain: number, bus: number, slot: number, function: number })
  .meta({ id: 'PciAddress' });
export type PciAddress = z.infer<typeof pciAddressSchema>;
const addresses = z.array(pciAddressSchema).max(256);

const pci = z.strictObject({
  kind: z.literal('pci'),
  path,
  driver,
  address: pciAddressSchema,
  class: number.meta({ description: 'class, subclass and interface, one byte each' }),
  ...ids,
  bridge: z.enum(['pci', 'cardbus']).nullable().meta({ description: 'null: no bridge' }),
  physicalFunction: pciAddressSchema
    .nullable()
    .meta({ description: 'that it is a virtual function of' }),
  virtualFunctions: z
    .strictObject({ most: number, addresses })
    .nullable()
    .meta({ description: 'that it has, and may have; null: it can have none' }),
  iommuGroup: z.strictObject({ number, addresses }).nullable(),
  numaNode: number.nullable(),
  express: z
    .strictObject({
      link: z
        .strictObject({
          port: number,
          maxSpeed: number.meta({ description: '1: 2.5 GT/s, 2: 5, 3: 8, 4: 16, 5: 32, 6: 64' }),
          maxWidth: number.meta({ description: 'lanes' }),
          speed: number,
          width: number,
        })
        .nullable(),
    })
    .nullable()
    .meta({ description: 'of PCI Express; null: it is none' }),
});

const usbDevice = z.strictObject({
  kind: z.literal('usb-device'),
  name,
  path,
  driver,
  bus: number,
  device: number,
  ...ids,
});

const usbInterface = z.strictObject({
  kind: z.literal('usb-interface'),
  name,
  path,
  driver,
  number,
  class: number,
  subclass: number,
  protocol: number,
});

const net = z.strictObject({
  kind: z.literal('net'),
  name,
  path,
  mac: z.string().max(17),
  state: z.string().max(200).meta({ description: 'up, down, unknown and others' }),
  speedMbps: number.nullable(),
  isWireless: z.boolean(),
});

const storage = z.strictObject({
  kind: z.literal('storage'),
  name,
  path,
  type: z.enum(['disk', 'cdrom', 'floppy', 'sd']),
  bus: z.enum(['usb', 'ata']).nullable(),
  vendor: text,
  model: text,
  serial: text,
  removable: z.boolean(),
  sizeBytes: number,
  blockBytes: number,
});

const scsiHost = z.strictObject({
  kind: z.literal('scsi-host'),
  path,
  number,
  uniqueId: number.nullable(),
});
const scsiTarget = z.strictObject({ kind: z.literal('scsi-target'), name, path });
const scsi = z.strictObject({
  kind: z.literal('scsi'),
  path,
  driver,
  host: number,
  bus: number,
  target: number,
  lun: number,
  type: number.nullable().meta({ description: 'the number of SCSI: 0 disk, 1 tape, 5 CD' }),
});
const scsiGeneric = z.strictObject({ kind: z.literal('scsi-generic'), name, path });

export const hostDeviceSchema = z
  .discriminatedUnion('kind', [
    pci,
    usbDevice,
    usbInterface,
    net,
    storage,
    scsiHost,
    scsiTarget,
    scsi,
    scsiGeneric,
  ])
  .meta({ id: 'HostDevice', description: 'a device of a host' });
export type HostDevice = z.infer<typeof hostDeviceSchema>;

export const hostDevicesSchema = z
  .strictObject({
    devices: z.array(hostDeviceSchema).max(maxHostDevices),
    complete: z.boolean().meta({ description: 'false: there are more' }),
  })
  .meta({ id: 'HostDevices' });
export type HostDevices = z.infer<typeof hostDevicesSchema>;
