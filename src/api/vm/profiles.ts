/**
 * The built-in hardware profiles (HW-01). Classic is the closest there is to the machine of 2005:
 * 440FX with PIIX (an exact 440BX is not emulated), IDE, DEC 21140-like network, Cirrus. Modern uses
 * paravirtual devices on Q35. Arm is modern on the board of another architecture (HW-56).
 */
import type { Hardware } from './hardware.ts';
import { miB } from '#lib';

const modern: Hardware = {
  profile: 'modern',
  machine: 'q35',
  firmware: {
    type: 'bios',
    secureBoot: false,
    bootOrder: ['disk', 'cd', 'network'],
    bootOnce: null,
  },
  bios: { chassis: { assetTag: null, serialNumber: null }, baseBoard: { serialNumber: null } },
  processor: {
    count: 1,
    maxCount: null,
    coresPerSocket: 1,
    threadsPerCore: 1,
    model: 'host',
    hideHypervisor: false,
  },
  memory: { sizeBytes: 512 * miB, maxBytes: null },
  scsiController: 'virtio-scsi',
  disks: [],
  opticalDrives: [{ bus: 'sata', controller: 0, position: 0, medium: null }],
  floppy: null,
  adapters: [],
  sharedFolders: [],
  serialPorts: [{ kind: 'console' }],
  parallelPort: { kind: 'none' },
  graphics: { adapter: 'virtio', videoMemoryBytes: 64 * miB, acceleration3d: false },
  sound: 'none',
  usb: '2.0',
  tablet: true,
  tpm: false,
  clock: { base: 'utc', offsetSeconds: 0 },
};

export const profiles: Readonly<
  Record<
    'classic' | 'modern' | 'arm',
    {
      /** The same in every installation. */
      readonly id: string;
      readonly meaning: string;
      readonly hardware: Hardware;
    }
  >
> = {
  classic: {
    id: '00000000-0000-4000-8002-000000000001',
    meaning: 'hardware of 2005 that old guests know: IDE, tulip, Cirrus, one processor',
    hardware: {
      profile: 'classic',
      machine: 'pc',
      firmware: {
        type: 'bios',
        secureBoot: false,
        bootOrder: ['floppy', 'cd', 'disk', 'network'],
        bootOnce: null,
      },
      bios: { chassis: { assetTag: null, serialNumber: null }, baseBoard: { serialNumber: null } },
      processor: {
        count: 1,
        maxCount: null,
        coresPerSocket: 1,
        threadsPerCore: 1,
        model: 'host',
        hideHypervisor: false,
      },
      memory: { sizeBytes: 128 * miB, maxBytes: null },
      scsiController: 'lsi53c895a',
      disks: [],
      opticalDrives: [{ bus: 'ide', controller: 1, position: 0, medium: null }],
      floppy: { medium: null, readOnly: false },
      adapters: [],
      sharedFolders: [],
      serialPorts: [{ kind: 'console' }, { kind: 'none' }],
      parallelPort: { kind: 'none' },
      graphics: { adapter: 'cirrus', videoMemoryBytes: 4 * miB, acceleration3d: false },
      sound: 'none',
      usb: 'none',
      tablet: false,
      tpm: false,
      clock: { base: 'localtime', offsetSeconds: 0 },
    },
  },
  modern: {
    id: '00000000-0000-4000-8002-000000000002',
    meaning: 'paravirtual devices for current guests: virtio disks, network and screen',
    hardware: modern,
  },
  arm: {
    id: '00000000-0000-4000-8002-000000000003',
    meaning:
      'paravirtual devices on a machine of the architecture aarch64; slow on hosts of another one',
    hardware: {
      ...modern,
      machine: 'virt',
      firmware: { ...modern.firmware, type: 'uefi' },
      memory: { sizeBytes: 1024 * miB, maxBytes: null },
      opticalDrives: [{ bus: 'scsi', controller: 0, position: 0, medium: null }],
      usb: '3',
    },
  },
};
