/** For tests: a disk with a partition table (GPT, UEFI specification 2.10, chapter 5) and given partitions. */
import { open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { miB } from '#lib';

const sectorBytes = 512;
const entryBytes = 128;
const entryCount = 128;
const linuxData = Buffer.from('af3dc60f838472478e793d69d8477de4', 'hex');

/** Puts the files behind each other, the first at 1 MiB; each is a multiple of a sector. */
export async function writePartitions(path: string, files: readonly string[]): Promise<void> {
  await using disk = await open(path, 'w');
  const entries = Buffer.alloc(entryCount * entryBytes);
  let at = 1 * miB;
  for (const [index, file] of files.entries()) {
    const content = await readFile(file);
    await disk.write(content, 0, content.length, at);
    const entry = entries.subarray(index * entryBytes);
    linuxData.copy(entry, 0);
    entry.fill(index + 1, 16, 32);
    entry.writeBigUInt64LE(BigInt(at / sectorBytes), 32);
    at += content.length;
    entry.writeBigUInt64LE(BigInt(at / sectorBytes - 1), 40);
  }
  const sectors = (at + 1 * miB) / sectorBytes;
  await disk.truncate(sectors * sectorBytes);
  const header = Buffer.alloc(92);
  header.write('EFI PART', 'latin1');
  header.writeUInt32LE(0x10000, 8);
  header.writeUInt32LE(header.length, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(sectors - 1), 32);
  header.writeBigUInt64LE(34n, 40);
  header.writeBigUInt64LE(BigInt(sectors - 34), 48);
  header.fill(0x77, 56, 72);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(entryCount, 80);
  header.writeUInt32LE(entryBytes, 84);
  header.writeUInt32LE(crc32(entries), 88);
  header.writeUInt32LE(crc32(header), 16);
  const protective = Buffer.alloc(sectorBytes);
  protective[450] = 0xee;
  protective.writeUInt32LE(1, 454);
  protective.writeUInt32LE(sectors - 1, 458);
  protective.writeUInt16LE(0xaa55, 510);
  await disk.write(protective, 0, sectorBytes, 0);
  await disk.write(header, 0, header.length, sectorBytes);
  await disk.write(entries, 0, entries.length, 2 * sectorBytes);
}
