/** What other products can run at most, as data (CMP-05): from their own documents. */
import {
  busPositions,
  type AdapterModel,
  type DiskBus,
  type ExportTarget,
  type Hardware,
} from '#api';
import { giB, miB } from '#lib';

interface Bus {
  readonly controllers: number;
  readonly positions: number;
  readonly maxBytes: number;
}

export interface ExportProfile {
  readonly name: string;
  /** Of the configuration: `ps1` is a script that makes the vm. */
  readonly format: 'vmc' | 'vmx' | 'ps1' | 'xml' | 'ovf';
  /** As a VMC names who wrote it. */
  readonly product: string;
  /** Of a VMX. */
  readonly hardwareVersion: number;
  readonly disk: {
    readonly format: 'vhd' | 'vmdk' | 'vhdx' | 'qcow2';
    readonly variant: string;
  };
  readonly maxProcessors: number;
  readonly maxMemoryBytes: number;
  readonly buses: Readonly<Partial<Record<DiskBus, Bus>>>;
  readonly maxAdapters: number;
  /** By the product's own words; models that are missing become `otherAdapter`. */
  readonly adapters: Readonly<Partial<Record<AdapterModel, string>>>;
  readonly otherAdapter: string;
  readonly maxSerialPorts: number;
  readonly sound: boolean;
  /** Passed-on devices need a controller, too. */
  readonly usb: boolean;
  readonly bios: boolean;
  readonly uefi: boolean;
  readonly floppy: boolean;
  /** The place of the one CD drive that is known there; null: any. */
  readonly drivePlace: string | null;
  /** Whether it limits what a disk does in a second by operations, of which one of more than 32 KiB counts as several. */
  readonly operationLimits?: true;
}

const ide: Bus = { controllers: 2, positions: 2, maxBytes: 127 * giB };

const virtualServer: ExportProfile = {
  name: 'Virtual Server 2005',
  format: 'vmc',
  product: 'Microsoft Virtual Server 2005',
  hardwareVersion: 0,
  disk: { format: 'vhd', variant: 'dynamic' },
  maxProcessors: 1,
  maxMemoryBytes: 3686 * miB,
  buses: { ide, scsi: { controllers: 4, positions: 7, maxBytes: 2040 * giB } },
  maxAdapters: 4,
  adapters: { tulip: 'tulip' },
  otherAdapter: 'tulip',
  maxSerialPorts: 2,
  sound: false,
  usb: false,
  bios: true,
  uefi: false,
  floppy: true,
  drivePlace: null,
};

const workstation: ExportProfile = {
  name: 'VMware Workstation',
  format: 'vmx',
  product: 'VMware',
  hardwareVersion: 8,
  disk: { format: 'vmdk', variant: 'monolithicSparse' },
  maxProcessors: 8,
  maxMemoryBytes: 64 * giB,
  buses: {
    ide: { controllers: 2, positions: 2, maxBytes: 2040 * giB },
    scsi: { controllers: 4, positions: 16, maxBytes: 2040 * giB },
  },
  maxAdapters: 10,
  adapters: { pcnet: 'vlance', e1000: 'e1000' },
  otherAdapter: 'e1000',
  maxSerialPorts: 4,
  sound: true,
  usb: true,
  bios: true,
  uefi: true,
  floppy: true,
  drivePlace: null,
};

const tiB = 1024 * giB;

/** Generation 1 of Windows Server 2016 and newer: it has a BIOS, and boots from IDE alone. */
const hyperV: ExportProfile = {
  name: 'Hyper-V',
  format: 'ps1',
  product: 'Hyper-V',
  hardwareVersion: 0,
  disk: { format: 'vhdx', variant: 'dynamic' },
  maxProcessors: 64,
  maxMemoryBytes: tiB,
  buses: {
    ide: { controllers: 2, positions: 2, maxBytes: 64 * tiB },
    scsi: { controllers: 4, positions: 64, maxBytes: 64 * tiB },
  },
  maxAdapters: 12,
  adapters: { tulip: 'legacy' },
  otherAdapter: 'synthetic',
  maxSerialPorts: 2,
  sound: false,
  usb: false,
  bios: true,
  uefi: false,
  floppy: true,
  drivePlace: null,
};

/** Generation 2: UEFI, and none of the devices of old. */
const hyperV2: ExportProfile = {
  ...hyperV,
  name: 'Hyper-V (generation 2)',
  maxProcessors: 240,
  maxMemoryBytes: 12 * tiB,
  buses: { scsi: { controllers: 4, positions: 64, maxBytes: 64 * tiB } },
  maxAdapters: 8,
  adapters: {},
  bios: false,
  uefi: true,
  floppy: false,
};

/** QEMU below it has what ours has. */
const libvirt: ExportProfile = {
  name: 'libvirt',
  format: 'xml',
  product: 'libvirt',
  hardwareVersion: 0,
  disk: { format: 'qcow2', variant: 'v3' },
  maxProcessors: 255,
  maxMemoryBytes: 16 * tiB,
  buses: {
    ide: { ...busPositions.ide, maxBytes: Infinity },
    sata: { ...busPositions.sata, maxBytes: Infinity },
    scsi: { controllers: 4, positions: 24, maxBytes: Infinity },
    virtio: { ...busPositions.virtio, maxBytes: Infinity },
  },
  maxAdapters: 32,
  adapters: {
    e1000: 'e1000',
    e1000e: 'e1000e',
    pcnet: 'pcnet',
    rtl8139: 'rtl8139',
    tulip: 'tulip',
    virtio: 'virtio',
  },
  otherAdapter: 'e1000',
  maxSerialPorts: 4,
  sound: true,
  usb: true,
  bios: true,
  uefi: true,
  floppy: true,
  drivePlace: null,
};

/** What it is imported by decides what of it can be had there. */
const ovf: ExportProfile = {
  name: 'OVF',
  format: 'ovf',
  product: 'OVF',
  hardwareVersion: 0,
  disk: { format: 'vmdk', variant: 'streamOptimized' },
  maxProcessors: 128,
  maxMemoryBytes: 6 * tiB,
  buses: {
    ide: { controllers: 2, positions: 2, maxBytes: 2040 * giB },
    sata: { controllers: 4, positions: 30, maxBytes: 62 * tiB },
    scsi: { controllers: 4, positions: 16, maxBytes: 62 * tiB },
  },
  maxAdapters: 10,
  adapters: { pcnet: 'vlance', e1000: 'e1000' },
  otherAdapter: 'e1000',
  maxSerialPorts: 2,
  sound: true,
  usb: true,
  bios: true,
  uefi: true,
  floppy: true,
  drivePlace: null,
};

/** Where a product has several kinds of vms the firmware decides which it becomes. */
export function exportProfileFor(
  as: ExportTarget,
  { firmware }: Pick<Hardware, 'firmware'>,
): ExportProfile {
  return as === 'hyper-v' && firmware.type === 'uefi' ? hyperV2 : exportProfiles[as];
}

export const exportProfiles: Readonly<Record<ExportTarget, ExportProfile>> = {
  'hyper-v': hyperV,
  libvirt,
  ovf,
  'virtual-pc-2004': {
    ...virtualServer,
    name: 'Virtual PC 2004',
    product: 'Microsoft Virtual PC 2004',
    buses: { ide },
    sound: true,
    drivePlace: 'ide1:0',
  },
  'virtual-server-2005': virtualServer,
  'vmware-workstation': workstation,
  'vmware-player': { ...workstation, name: 'VMware Player' },
  'vmware-server': {
    ...workstation,
    name: 'VMware Server',
    hardwareVersion: 4,
    maxProcessors: 2,
    maxMemoryBytes: 3600 * miB,
    buses: {
      ide: { controllers: 2, positions: 2, maxBytes: 950 * giB },
      scsi: { controllers: 4, positions: 15, maxBytes: 950 * giB },
    },
    maxAdapters: 4,
    uefi: false,
  },
  'vmware-esx': {
    ...workstation,
    name: 'VMware ESX',
    hardwareVersion: 7,
    disk: { format: 'vmdk', variant: 'monolithicFlat' },
    maxMemoryBytes: 255 * giB,
    sound: false,
    uefi: false,
    operationLimits: true,
  },
};

/** Whether a product reads what the board is made of. */
export function placesFit(
  bus: Bus,
  { controller, position }: Hardware['disks'][number] | Hardware['opticalDrives'][number],
): boolean {
  return controller < bus.controllers && position < bus.positions;
}
