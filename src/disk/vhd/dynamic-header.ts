/** The dynamic disk header (1024 bytes, big endian) of dynamic and differencing VHDs. */
import { basename } from 'node:path';
import type { DiskFile } from '../file/disk-file.ts';
import type { NewParent } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import { readStructure, type Structure } from '../structure.ts';
import { fromVhdSeconds, toVhdSeconds, vhdChecksum } from './footer.ts';
import { buildLocators, readLocators, type Locator } from './locators.ts';

export const headerBytes = 1024;
const cookie = 'cxsparse';
const minBlockBytes = 4096;
const maxBlockBytes = 256 * 1024 * 1024;

export interface DynamicHeader {
  readonly offset: number;
  readonly tableOffset: number;
  readonly tableEntries: number;
  readonly blockBytes: number;
  readonly parentIdentity: string;
  readonly parentModifiedMs: number;
  readonly parentName: string;
  readonly locators: readonly Locator[];
  /** As it is in the file, to be written elsewhere with changes. */
  readonly raw: Buffer;
}

function utf16beString(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString('utf16le').replace(/\0.*$/s, '');
}

/** Faults: `corrupt`. */
export async function readDynamicHeader(file: DiskFile, offset: number): Promise<DynamicHeader> {
  const place = { format: 'vhd', structure: 'dynamic header', offset };
  const header: Structure = await readStructure(file, place, headerBytes);
  header.demand(header.latin1(0, 8) === cookie, 0, 'has no cookie "cxsparse"');
  const sum = vhdChecksum(header.bytes, 36);
  header.demand(header.u32be(36) === sum, 36, `its checksum does not match (${sum} computed)`);
  const major = header.u32be(24) >>> 16;
  header.demand(major === 1, 24, `version ${major} is not known`, 'unsupported');
  const blockBytes = header.u32be(32);
  const usable = blockBytes >= minBlockBytes && blockBytes <= maxBlockBytes;
  header.demand(
    usable && Number.isInteger(Math.log2(blockBytes)),
    32,
    `a block of ${blockBytes} bytes`,
  );
  const isChild =
    header.u32be(tableAtOfLocators) !== 0 || header.slice(40, 16).some((b) => b !== 0);
  return {
    offset,
    tableOffset: header.u64be(16),
    tableEntries: header.u32be(28),
    blockBytes,
    parentIdentity: header.slice(40, 16).toString('hex'),
    parentModifiedMs: fromVhdSeconds(header.u32be(56)),
    parentName: utf16beString(header.slice(64, 512)),
    locators: isChild ? await readLocators(file, header) : [],
    raw: header.bytes,
  };
}

const tableAtOfLocators = 576;

/** Bytes of the block allocation table: whole sectors. */
export function batBytesOf({ tableEntries }: Pick<DynamicHeader, 'tableEntries'>): number {
  return Math.ceil((tableEntries * 4) / sectorBytes) * sectorBytes;
}

export interface NewHeader {
  readonly tableOffset: number;
  readonly tableEntries: number;
  readonly blockBytes: number;
}

export function buildDynamicHeader(header: NewHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.write(cookie, 0, 'latin1');
  bytes.fill(0xff, 8, 16);
  bytes.writeBigUInt64BE(BigInt(header.tableOffset), 16);
  bytes.writeUInt32BE(0x0001_0000, 24);
  bytes.writeUInt32BE(header.tableEntries, 28);
  bytes.writeUInt32BE(header.blockBytes, 32);
  return seal(bytes);
}

/** Puts the checksum right after a change. */
export function seal(header: Buffer): Buffer {
  header.writeUInt32BE(vhdChecksum(header, 36), 36);
  return header;
}

/**
 * A copy of the header that names another parent, with the locators' data for the given offset. The parent's
 * identity must be that of a VHD, 32 hexadecimal digits; zeros stand for a parent of another format.
 */
export function withParent(
  header: Buffer,
  parent: NewParent,
  dataOffset: number,
): { readonly header: Buffer; readonly locatorData: Buffer } {
  const bytes = Buffer.from(header);
  const identity = parent.identity ?? '';
  bytes.write(/^[0-9a-f]{32}$/.test(identity) ? identity : '0'.repeat(32), 40, 16, 'hex');
  bytes.writeUInt32BE(toVhdSeconds(parent.modifiedMs), 56);
  const name = Buffer.from(basename(parent.path).slice(0, 255), 'utf16le').swap16();
  bytes.fill(0, 64, 576);
  name.copy(bytes, 64);
  const { table, data } = buildLocators(parent, dataOffset);
  table.copy(bytes, tableAtOfLocators);
  return { header: seal(bytes), locatorData: data };
}
