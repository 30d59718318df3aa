/**
 * Where the partitions of a disk lie: GPT (UEFI specification 2.10, chapter 5) or MBR with logical partitions. Everything read is a
 * claim: partitions outside the disk or over each other make the whole table one that is not believed.
 */
import { crc32 } from 'node:zlib';
import { isFault } from '#lib';
import type { Disk } from '../disk.ts';
import { readStructure, type Structure } from '../structure.ts';
import { GuestWindow } from './window.ts';

export interface Partition {
  /** Counted from 1; 0 for a disk without a table. */
  readonly number: number;
  readonly start: number;
  readonly sizeBytes: number;
  /** Whether firmware starts a system from it. */
  readonly boots: boolean;
}

const maxPartitions = 1024;
const maxLogical = 128;
const extendedTypes = new Set([0x05, 0x0f, 0x85]);
const activeFlag = 0x80;
const efiSystemType = 0xef;
/** EFI system and BIOS boot partition, as GUIDs are stored (UEFI specification 2.10, appendix A). */
const bootTypes = new Set(['28732ac11ff8d211ba4b00a0c93ec93b', '4861682149646f6e744e656564454649']);

/** In the order of the table; empty when there is none, or none that makes sense. */
export async function readPartitions(disk: Disk): Promise<readonly Partition[]> {
  if (disk.sizeBytes < 3 * disk.sectorBytes) return [];
  const whole = new GuestWindow(disk, 0, disk.sizeBytes);
  const mbr = await readSector(whole, 0);
  if (mbr.u16le(510) !== 0xaa55) return [];
  const isGpt = [0, 1, 2, 3].some((index) => mbr.u8(446 + index * 16 + 4) === 0xee);
  const found = isGpt
    ? await readGpt(whole, disk.sectorBytes)
    : await readMbr(whole, mbr, disk.sectorBytes);
  return isSensible(found, disk.sizeBytes) ? found : [];
}

/** As `readPartitions`; a table that leads nowhere is none. */
export async function knownPartitions(disk: Disk): Promise<readonly Partition[]> {
  try {
    return await readPartitions(disk);
  } catch (error) {
    if (isFault(error, 'corrupt')) return [];
    throw error;
  }
}

function readSector(file: GuestWindow, offset: number): Promise<Structure> {
  return readStructure(file, { format: 'disk', structure: 'partition table', offset }, 512);
}

function isSensible(partitions: readonly Partition[], sizeBytes: number): boolean {
  const sorted = partitions.toSorted((a, b) => a.start - b.start);
  return sorted.every(({ start, sizeBytes: length }, index) => {
    const next = sorted[index + 1]?.start ?? sizeBytes;
    return start >= 512 && length > 0 && start + length <= next;
  });
}

async function readMbr(
  file: GuestWindow,
  mbr: Structure,
  sectorBytes: number,
): Promise<readonly Partition[]> {
  const found: Partition[] = [];
  for (let index = 0; index < 4; index += 1) {
    const at = 446 + index * 16;
    const type = mbr.u8(at + 4);
    const [start, count] = [mbr.u32le(at + 8), mbr.u32le(at + 12)];
    if (type === 0 || count === 0) continue;
    if (extendedTypes.has(type)) found.push(...(await readLogical(file, start, sectorBytes)));
    else {
      const boots = mbr.u8(at) === activeFlag || type === efiSystemType;
      found.push(partitionOf(index + 1, start, count, sectorBytes, boots));
    }
  }
  return found;
}

function partitionOf(
  number: number,
  start: number,
  count: number,
  unit: number,
  boots = false,
): Partition {
  return { number, start: start * unit, sizeBytes: count * unit, boots };
}

/** Each logical partition has a table of its own that leads to the next; a chain that turns back ends. */
async function readLogical(
  file: GuestWindow,
  first: number,
  sectorBytes: number,
): Promise<readonly Partition[]> {
  const found: Partition[] = [];
  let at = first;
  for (let count = 0; count < maxLogical; count += 1) {
    if ((at + 1) * sectorBytes > file.sizeBytes) break;
    const table = await readSector(file, at * sectorBytes);
    if (table.u16le(510) !== 0xaa55) break;
    const [start, length] = [table.u32le(454), table.u32le(458)];
    if (length > 0) found.push(partitionOf(5 + count, at + start, length, sectorBytes));
    const next = first + table.u32le(470);
    if (table.u32le(474) === 0 || next <= at) break;
    at = next;
  }
  return found;
}

async function readGpt(file: GuestWindow, sectorBytes: number): Promise<readonly Partition[]> {
  const header = await readSector(file, sectorBytes);
  const headerBytes = header.u32le(12);
  if (header.latin1(0, 8) !== 'EFI PART' || headerBytes < 92 || headerBytes > 512) return [];
  const sealed = Buffer.from(header.slice(0, headerBytes));
  sealed.writeUInt32LE(0, 16);
  if (crc32(sealed) !== header.u32le(16)) return [];
  const [entriesAt, count, entryBytes] = [header.u64le(72), header.u32le(80), header.u32le(84)];
  if (count > maxPartitions || entryBytes < 128 || entryBytes > 4096) return [];
  const place = { format: 'disk', structure: 'partition table', offset: entriesAt * sectorBytes };
  const table = await readStructure(file, place, count * entryBytes);
  if (crc32(table.bytes) !== header.u32le(88)) return [];
  const found: Partition[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = index * entryBytes;
    if (table.slice(at, 16).every((byte) => byte === 0)) continue;
    const [first, last] = [table.u64le(at + 32), table.u64le(at + 40)];
    const boots = bootTypes.has(Buffer.from(table.slice(at, 16)).toString('hex'));
    found.push(partitionOf(index + 1, first, last - first + 1, sectorBytes, boots));
  }
  return found;
}
