/**
 * The header section of a VHDX (MS-VHDX 2.2): file identifier, two headers of which the one with the higher
 * sequence number counts, two copies of the region table. A header is changed by writing the other one.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { fileFault, readStructure, type Structure } from '../structure.ts';
import { crc32c } from './crc32c.ts';
import { guidBytes, guidText } from './guid.ts';

export const kib64 = 65536;
export const mib = 1024 * 1024;
const headerBytes = 4096;
export const headerOffsets = [kib64, 2 * kib64] as const;
export const regionOffsets = [3 * kib64, 4 * kib64] as const;
const batRegion = '2dc27766-f623-4200-9d64-115e9bfd4a08';
const metadataRegion = '8b7ca206-4790-4b9a-b8fe-575f050f886e';

export interface VhdxHeader {
  readonly slot: 0 | 1;
  readonly sequence: bigint;
  readonly fileWriteGuid: string;
  readonly dataWriteGuid: string;
  readonly logGuid: string;
  readonly logOffset: number;
  readonly logBytes: number;
}

export interface Region {
  readonly offset: number;
  readonly length: number;
}

export interface Regions {
  readonly bat: Region;
  readonly metadata: Region;
}

function parseHeader(header: Structure, slot: 0 | 1): VhdxHeader {
  header.demand(header.latin1(0, 4) === 'head', 0, 'has no signature "head"');
  header.demand(header.u32le(4) === crc32c(header.bytes, 4), 4, 'its checksum does not match');
  header.demand(
    header.u16le(66) === 1,
    66,
    `version ${header.u16le(66)} is not known`,
    'unsupported',
  );
  const logBytes = header.u32le(68);
  const logOffset = header.u64le(72);
  header.demand(
    logBytes % mib === 0 && logOffset % mib === 0,
    68,
    'a log that is not on a mebibyte',
  );
  header.demand(logBytes <= 32 * mib, 68, `a log of ${logBytes} bytes`, 'unsupported');
  return {
    slot,
    sequence: header.big64le(8),
    fileWriteGuid: guidText(header.slice(16, 16)),
    dataWriteGuid: guidText(header.slice(32, 16)),
    logGuid: guidText(header.slice(48, 16)),
    logOffset,
    logBytes,
  };
}

/** The header that counts. Faults: `corrupt` when neither is valid. */
export async function readHeader(file: DiskFile): Promise<VhdxHeader> {
  const place = { format: 'vhdx', structure: 'file identifier', offset: 0 };
  const identifier = await readStructure(file, place, 8);
  identifier.demand(identifier.latin1(0, 8) === 'vhdxfile', 0, 'has no signature "vhdxfile"');
  let best: VhdxHeader | undefined;
  let failure: unknown;
  for (const slot of [0, 1] as const) {
    try {
      const where = {
        format: 'vhdx',
        structure: `header ${slot + 1}`,
        offset: headerOffsets[slot],
      };
      const header = parseHeader(await readStructure(file, where, headerBytes), slot);
      if (best === undefined || header.sequence > best.sequence) best = header;
    } catch (error) {
      failure ??= error;
    }
  }
  if (best === undefined) throw failure;
  return best;
}

const lastSequence = 2n ** 64n - 1n;

export function buildHeader(header: VhdxHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.write('head', 0, 'latin1');
  bytes.writeBigUInt64LE(header.sequence, 8);
  guidBytes(header.fileWriteGuid).copy(bytes, 16);
  guidBytes(header.dataWriteGuid).copy(bytes, 32);
  guidBytes(header.logGuid).copy(bytes, 48);
  bytes.writeUInt16LE(1, 66);
  bytes.writeUInt32LE(header.logBytes, 68);
  bytes.writeBigUInt64LE(BigInt(header.logOffset), 72);
  bytes.writeUInt32LE(crc32c(bytes, 4), 4);
  return bytes;
}

/** Writes a changed header into the slot that does not count yet; durable on return. Faults: `corrupt` where none can follow. */
export async function switchHeader(
  file: DiskFile,
  current: VhdxHeader,
  change: Partial<VhdxHeader>,
): Promise<VhdxHeader> {
  const slot = current.slot === 0 ? 1 : 0;
  if (current.sequence === lastSequence) {
    const place = { format: 'vhdx', structure: `header ${current.slot + 1}`, offset: 8 };
    throw fileFault(file, place, 'its sequence number is the last there is: repair the disk');
  }
  const next = { ...current, ...change, slot, sequence: current.sequence + 1n } as const;
  await file.write(buildHeader(next), headerOffsets[slot]);
  await file.sync();
  return next;
}

function parseRegions(table: Structure): Regions {
  table.demand(table.latin1(0, 4) === 'regi', 0, 'has no signature "regi"');
  table.demand(table.u32le(4) === crc32c(table.bytes, 4), 4, 'its checksum does not match');
  const count = table.u32le(8);
  table.demand(count <= 2047, 8, `${count} entries`);
  const found = new Map<string, Region>();
  for (let index = 0; index < count; index += 1) {
    const at = 16 + index * 32;
    const guid = guidText(table.slice(at, 16));
    const region = { offset: table.u64le(at + 16), length: table.u32le(at + 24) };
    const isPlaced = region.offset >= mib && region.offset % mib === 0 && region.length % mib === 0;
    table.demand(isPlaced, at + 16, `a region at ${region.offset} of ${region.length} bytes`);
    const isKnown = guid === batRegion || guid === metadataRegion;
    const isRequired = (table.u32le(at + 28) & 1) === 1;
    table.demand(
      isKnown || !isRequired,
      at,
      `needs region ${guid}, which is not known`,
      'unsupported',
    );
    table.demand(!found.has(guid), at, `region ${guid} is there twice`);
    found.set(guid, region);
  }
  const [bat, metadata] = [found.get(batRegion), found.get(metadataRegion)];
  if (bat === undefined || metadata === undefined) throw table.fault(8, 'a region is missing');
  return { bat, metadata };
}

/** The first valid copy of the region table. Faults: `corrupt`, `unsupported`. */
export async function readRegions(file: DiskFile): Promise<Regions> {
  let failure: unknown;
  for (const [copy, offset] of regionOffsets.entries()) {
    try {
      const place = { format: 'vhdx', structure: `region table ${copy + 1}`, offset };
      return parseRegions(await readStructure(file, place, kib64));
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

export function buildRegions({ bat, metadata }: Regions): Buffer {
  const bytes = Buffer.alloc(kib64);
  bytes.write('regi', 0, 'latin1');
  bytes.writeUInt32LE(2, 8);
  for (const [index, [guid, region]] of (
    [
      [batRegion, bat],
      [metadataRegion, metadata],
    ] as const
  ).entries()) {
    const at = 16 + index * 32;
    guidBytes(guid).copy(bytes, at);
    bytes.writeBigUInt64LE(BigInt(region.offset), at + 16);
    bytes.writeUInt32LE(region.length, at + 24);
    bytes.writeUInt32LE(1, at + 28);
  }
  bytes.writeUInt32LE(crc32c(bytes, 4), 4);
  return bytes;
}
