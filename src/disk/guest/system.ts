/**
 * Whether a disk has an installed system, told by what firmware looks for: an EFI system partition or a BIOS boot partition (UEFI
 * specification 2.10, 5.3.3; GRUB's manual, "BIOS installation"), or a partition of an MBR that is marked active.
 */
import type { Disk } from '../disk.ts';
import { knownPartitions } from './partitions.ts';

/** Errors: those of reading the disk. */
export async function hasSystem(disk: Disk): Promise<boolean> {
  return (await knownPartitions(disk)).some(({ boots }) => boots);
}
