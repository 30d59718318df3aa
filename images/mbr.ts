/**
 * The first sector of a PC disk: boot code and partition table (the "MBR" of UEFI 2.10, 5.2). Partitions
 * are addressed by sector alone; the cylinder fields say "beyond what they can hold".
 */
import { assert } from '#lib';

export const sectorBytes = 512;

export interface MbrPartition {
  /** 0x83 Linux, 0xef EFI system partition, 0xee protective. */
  readonly type: number;
  readonly startSector: number;
  readonly sectorCount: number;
  readonly active?: true;
}

const bootCodeBytes = 440;
const tableOffset = 446;
const maxPartitions = 4;

/**
 * The sector. `bootCode` is a whole boot sector of which the first 440 bytes are taken; `signature` is
 * the disk's 32-bit identity, the four bytes as they stand on the disk.
 */
export function writeMbr(
  bootCode: Uint8Array,
  signature: Uint8Array,
  partitions: readonly MbrPartition[],
): Buffer {
  assert(signature.length === 4, 'a disk signature has four bytes');
  assert(partitions.length <= maxPartitions, 'a partition table has four entries');
  const sector = Buffer.alloc(sectorBytes);
  sector.set(bootCode.subarray(0, bootCodeBytes), 0);
  sector.set(signature, bootCodeBytes);
  partitions.forEach((partition, index) => {
    sector.set(partitionEntry(partition), tableOffset + index * 16);
  });
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

function partitionEntry(partition: MbrPartition): Buffer {
  const entry = Buffer.from([
    0,
    254,
    255,
    255,
    partition.type,
    254,
    255,
    255,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  if (partition.active === true) entry[0] = 0x80;
  entry.writeUInt32LE(partition.startSector, 8);
  entry.writeUInt32LE(partition.sectorCount, 12);
  return entry;
}
