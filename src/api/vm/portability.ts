/**
 * Other products that a vm may be meant for, and what their hardware lacks of ours (HW-23, HW-47, DISK-68). Data;
 * the findings are made by the coordinator.
 */
import { giB } from '#lib';
import { placeName, type DiskBus } from './hardware.ts';

export const targetProducts = ['virtual-pc', 'virtual-server'] as const;
export type TargetProduct = (typeof targetProducts)[number];

export interface ProductFacts {
  readonly name: string;
  /** Whether it has a sound device. */
  readonly sound: boolean;
  /** Disks on other buses are ignored there. */
  readonly diskBuses: readonly DiskBus[];
}

/** The largest VHD that those products take as a disk, on buses that have a bound of their own. */
export const largestVhdBytes: Readonly<Partial<Record<DiskBus, number>>> = {
  ide: 127 * giB,
  scsi: 2040 * giB,
};

export const productFacts: Readonly<Record<TargetProduct, ProductFacts>> = {
  'virtual-pc': { name: 'Microsoft Virtual PC', sound: true, diskBuses: ['ide'] },
  'virtual-server': { name: 'Microsoft Virtual Server', sound: false, diskBuses: ['ide', 'scsi'] },
};

/** Where the one CD drive is that every product knows: position 0 of the second IDE channel. */
export const portableDrivePlace = placeName({ bus: 'ide', controller: 1, position: 0 });
