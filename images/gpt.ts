/**
 * A GUID partition table as UEFI 2.10, 5.3 has it: protective MBR, header and entries at both ends of the
 * disk. Invariant: both headers describe the same entries and their checksums are right.
 */
import { crc32 } from 'node:zlib';
import { assert } from '#lib';
import { sectorBytes, writeMbr } from './mbr.ts';

export interface GptPartition {
  readonly type: keyof typeof gptTypes;
  /** Unique identity, as 8-4-4-4-12 hexadecimal digits. */
  readonly id: string;
  /** At most 36 characters. */
  readonly name: string;
  readonly startSector: number;
  readonly sectorCount: number;
}

const gptTypes = {
  'bios-boot': '21686148-6449-6e6f-744e-656564454649',
  efi: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  'linux-root': '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
} as const;

const entryCount = 128;
const entryBytes = 128;
const entrySectors = (entryCount * entryBytes) / sectorBytes;
/** First sector that a partition may use, and so many are kept free at the end. */
export const gptReservedSectors = 2 + entrySectors;

export interface GptSectors {
  /** To be written at sector 0. */
  readonly start: Buffer;
  /** To be written at sector `endSector`. */
  readonly end: Buffer;
  readonly endSector: number;
}

/** The table for a disk of so many sectors; `bootCode` goes into the protective MBR. */
export function writeGpt(
  diskSectors: number,
  diskId: string,
  bootCode: Uint8Array,
  partitions: readonly GptPartition[],
): GptSectors {
  const last = diskSectors - gptReservedSectors;
  for (const { startSector, sectorCount, name } of partitions) {
    const isInside = startSector >= gptReservedSectors && startSector + sectorCount - 1 <= last;
    assert(isInside, `partition ${name} lies on the disk`);
  }
  const entries = Buffer.alloc(entryCount * entryBytes);
  partitions.forEach((partition, index) => writeEntry(entries, index * entryBytes, partition));
  const header = (ownSector: number, otherSector: number, entriesSector: number): Buffer =>
    writeHeader({ ownSector, otherSector, entriesSector, last, diskId, entries });
  const protective = { type: 0xee, startSector: 1 };
  const sectorCount = Math.min(diskSectors - 1, 0xffffffff);
  const mbr = writeMbr(bootCode, Buffer.alloc(4), [{ ...protective, sectorCount }]);
  const endSector = diskSectors - entrySectors - 1;
  return {
    start: Buffer.concat([mbr, header(1, diskSectors - 1, 2), entries]),
    end: Buffer.concat([entries, header(diskSectors - 1, 1, endSector)]),
    endSector,
  };
}

interface HeaderFields {
  readonly ownSector: number;
  readonly otherSector: number;
  readonly entriesSector: number;
  readonly last: number;
  readonly diskId: string;
  readonly entries: Buffer;
}

function writeHeader(fields: HeaderFields): Buffer {
  const header = Buffer.alloc(sectorBytes);
  const headerBytes = 92;
  header.write('EFI PART', 0, 'latin1');
  header.writeUInt32LE(0x00010000, 8);
  header.writeUInt32LE(headerBytes, 12);
  header.writeBigUInt64LE(BigInt(fields.ownSector), 24);
  header.writeBigUInt64LE(BigInt(fields.otherSector), 32);
  header.writeBigUInt64LE(BigInt(gptReservedSectors), 40);
  header.writeBigUInt64LE(BigInt(fields.last), 48);
  guidBytes(fields.diskId).copy(header, 56);
  header.writeBigUInt64LE(BigInt(fields.entriesSector), 72);
  header.writeUInt32LE(entryCount, 80);
  header.writeUInt32LE(entryBytes, 84);
  header.writeUInt32LE(crc32(fields.entries), 88);
  header.writeUInt32LE(crc32(header.subarray(0, headerBytes)), 16);
  return header;
}

function writeEntry(entries: Buffer, at: number, partition: GptPartition): void {
  guidBytes(gptTypes[partition.type]).copy(entries, at);
  guidBytes(partition.id).copy(entries, at + 16);
  entries.writeBigUInt64LE(BigInt(partition.startSector), at + 32);
  entries.writeBigUInt64LE(BigInt(partition.startSector + partition.sectorCount - 1), at + 40);
  assert(partition.name.length <= 36, `partition name ${partition.name} has at most 36 letters`);
  entries.write(partition.name, at + 56, 'utf16le');
}

/** A GUID's bytes: the first three groups little-endian. */
function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  assert(bytes.length === 16, `${text} is a GUID`);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
