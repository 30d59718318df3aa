/**
 * Headers of sparse extents: hosted (KDMV, versions 1 to 3) and of ESX (COWD). Both lead to a grain directory,
 * which leads to grain tables, which lead to grains. A stream-optimised extent has its header again at its end.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { maxDiskBytes, maxStructureBytes, sectorBytes } from '../limits.ts';
import { readStructure, type Structure } from '../structure.ts';

export const headerFlags = {
  newlines: 1,
  redundantTables: 2,
  zeroedGrains: 4,
  compressed: 0x1_0000,
  markers: 0x2_0000,
} as const;

/** A `gdOffset` that says: the footer knows. */
export const directoryAtEnd = 0xffff_ffff_ffff_ffffn;

export interface SparseHeader {
  readonly kind: 'hosted' | 'esx';
  readonly flags: number;
  readonly capacityBytes: number;
  readonly grainBytes: number;
  readonly entriesPerTable: number;
  readonly descriptorOffset: number;
  readonly descriptorBytes: number;
  readonly redundantOffset: number;
  /** Undefined in a stream-optimised extent without a footer: it is not complete. */
  readonly directoryOffset: number | undefined;
  readonly overheadBytes: number;
  readonly version: number;
}

export function isSparseMagic(head: Buffer): boolean {
  const magic = head.toString('latin1', 0, 4);
  return magic === 'KDMV' || magic === 'COWD';
}

/** Faults: `corrupt`, `unsupported`. */
export async function readSparseHeader(file: DiskFile): Promise<SparseHeader> {
  const place = { format: 'vmdk', structure: 'sparse header', offset: 0 };
  const head = await readStructure(file, place, 512);
  if (head.latin1(0, 4) === 'COWD') return parseEsx(head);
  const header = parseHosted(head);
  if (head.big64le(56) !== directoryAtEnd) return header;
  const fileBytes = await file.size();
  if (fileBytes < 2048) return { ...header, directoryOffset: undefined };
  const offset = fileBytes - 1024;
  const footer = await readStructure(file, { ...place, structure: 'footer', offset }, 512);
  if (footer.latin1(0, 4) !== 'KDMV') return { ...header, directoryOffset: undefined };
  return parseHosted(footer);
}

function parseHosted(head: Structure): SparseHeader {
  head.demand(head.latin1(0, 4) === 'KDMV', 0, 'has no magic "KDMV"');
  const version = head.u32le(4);
  head.demand(version >= 1 && version <= 3, 4, `version ${version} is not known`, 'unsupported');
  const flags = head.u32le(8);
  if ((flags & headerFlags.newlines) !== 0) {
    head.demand(head.latin1(73, 4) === '\n \r\n', 73, 'was damaged by a transfer as text');
  }
  const algorithm = head.u16le(77);
  const isCompressed = (flags & headerFlags.compressed) !== 0;
  head.demand(!isCompressed || algorithm === 1, 77, `compression ${algorithm}`, 'unsupported');
  const sectors = (at: number): number => {
    const value = head.u64le(at);
    head.demand(value <= 2 ** 43, at, `${value} sectors`);
    return value * sectorBytes;
  };
  const entriesPerTable = head.u32le(44);
  head.demand(
    entriesPerTable >= 1 && entriesPerTable <= 4096,
    44,
    `${entriesPerTable} entries in a grain table`,
  );
  return checked(head, {
    kind: 'hosted',
    version,
    flags,
    capacityBytes: sectors(12),
    grainBytes: sectors(20),
    descriptorOffset: sectors(28),
    descriptorBytes: sectors(36),
    entriesPerTable,
    redundantOffset: sectors(48),
    directoryOffset: head.big64le(56) === directoryAtEnd ? undefined : sectors(56),
    overheadBytes: sectors(64),
  });
}

function parseEsx(head: Structure): SparseHeader {
  return checked(head, {
    kind: 'esx',
    version: head.u32le(4),
    flags: 0,
    capacityBytes: head.u32le(12) * sectorBytes,
    grainBytes: head.u32le(16) * sectorBytes,
    entriesPerTable: 4096,
    descriptorOffset: 0,
    descriptorBytes: 0,
    redundantOffset: 0,
    directoryOffset: head.u32le(20) * sectorBytes,
    overheadBytes: head.u32le(28) * sectorBytes,
  });
}

function checked(head: Structure, header: SparseHeader): SparseHeader {
  const { capacityBytes, grainBytes, entriesPerTable } = header;
  head.demand(capacityBytes <= maxDiskBytes, 12, `an extent of ${capacityBytes} bytes`);
  const isPower = grainBytes > 0 && Number.isInteger(Math.log2(grainBytes));
  head.demand(isPower && grainBytes <= 2 ** 21, 20, `grains of ${grainBytes} bytes`);
  const tables = Math.ceil(capacityBytes / grainBytes / entriesPerTable);
  head.demand(tables * 4 <= maxStructureBytes, 12, `a grain directory of ${tables} entries`);
  return header;
}

export function buildHostedHeader(header: SparseHeader): Buffer {
  const bytes = Buffer.alloc(512);
  const sectors = (value: number, at: number): void => {
    bytes.writeBigUInt64LE(BigInt(value / sectorBytes), at);
  };
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(header.version, 4);
  bytes.writeUInt32LE(header.flags, 8);
  sectors(header.capacityBytes, 12);
  sectors(header.grainBytes, 20);
  sectors(header.descriptorOffset, 28);
  sectors(header.descriptorBytes, 36);
  bytes.writeUInt32LE(header.entriesPerTable, 44);
  sectors(header.redundantOffset, 48);
  if (header.directoryOffset === undefined) bytes.writeBigUInt64LE(directoryAtEnd, 56);
  else sectors(header.directoryOffset, 56);
  sectors(header.overheadBytes, 64);
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE((header.flags & headerFlags.compressed) === 0 ? 0 : 1, 77);
  return bytes;
}
