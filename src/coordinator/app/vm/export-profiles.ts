/** What other products can run at most, as data (CMP-05): from their own documents. */
import type { AdapterModel, DiskBus, ExportTarget, Hardware } from '#api';
import { giB, miB } from '#lib';

interface Bus {
  readonly controllers: number;
  readonly positions: number;
  readonly maxBytes: number;
}

export interface ExportProfile {
  readonly name: string;
  readonly format: 'vmc' | 'vmx';
  /** As a VMC names who wrote it. */
  readonly product: string;
  /** Of a VMX. */
  readonly hardwareVersion: number;
  readonly disk: { readonly format: 'vhd' | 'vmdk'; readonly variant: string };
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
  readonly uefi: boolean;
  /** The place of the one CD drive that is known there; null: any. */
  readonly drivePlace: string | null;
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
  uefi: false,
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
  uefi: true,
  drivePlace: null,
};

export const exportProfiles: Readonly<Record<ExportTarget, ExportProfile>> = {
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
  },
};

/** Whether a product reads what the board is made of. */
export function placesFit(
  bus: Bus,
  { controller, position }: Hardware['disks'][number] | Hardware['opticalDrives'][number],
): boolean {
  return controller < bus.controllers && position < bus.positions;
}
