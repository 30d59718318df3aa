/** The metadata region of a VHDX (MS-VHDX 2.6): a table of items by GUID, and the items. */
import type { DiskFile } from '../file/disk-file.ts';
import { maxDiskBytes } from '../limits.ts';
import { readStructure, type Structure } from '../structure.ts';
import { guidBytes, guidText } from './guid.ts';
import { kib64, mib, type Region } from './header.ts';
import { parseParentLocator, type ParentLocator } from './parent-locator.ts';

const items = {
  fileParameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  virtualDiskSize: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  virtualDiskId: 'beca12ab-b2e6-4523-93ef-c309e000c746',
  logicalSector: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  physicalSector: 'cda348c7-445d-4471-9cc9-e9885251c556',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const;

export interface VhdxMetadata {
  readonly blockBytes: number;
  /** A fixed disk: blocks are never given back. */
  readonly leaveAllocated: boolean;
  readonly hasParent: boolean;
  readonly sizeBytes: number;
  readonly diskId: string;
  readonly logicalSectorBytes: number;
  readonly physicalSectorBytes: number;
  readonly parent: ParentLocator | undefined;
  /** Where the size and the parent locator's table entry lie in the file. */
  readonly sizeOffset: number;
  readonly locatorEntryOffset: number | undefined;
  readonly locatorOffset: number | undefined;
}

interface Item {
  readonly offset: number;
  readonly length: number;
  readonly entryOffset: number;
}

/** Faults: `corrupt`, `unsupported` for required items that are not known. */
export async function readMetadata(file: DiskFile, region: Region): Promise<VhdxMetadata> {
  const place = { format: 'vhdx', structure: 'metadata table', offset: region.offset };
  const table = await readStructure(file, place, kib64);
  const found = parseTable(table, region);
  const read = async (name: keyof typeof items, length?: number): Promise<Structure> => {
    const item = found.get(items[name]);
    if (item === undefined) throw table.fault(0, `the item ${name} is missing`);
    table.demand(
      length === undefined || item.length === length,
      item.entryOffset,
      `${name} is of ${item.length} bytes`,
    );
    const where = { format: 'vhdx', structure: `metadata item ${name}`, offset: item.offset };
    return readStructure(file, where, item.length);
  };
  const parameters = await read('fileParameters', 8);
  const blockBytes = parameters.u32le(0);
  const isSound =
    blockBytes >= mib && blockBytes <= 256 * mib && Number.isInteger(Math.log2(blockBytes));
  parameters.demand(isSound, 0, `a block of ${blockBytes} bytes`);
  const size = await read('virtualDiskSize', 8);
  const logical = await read('logicalSector', 4);
  const logicalSectorBytes = logical.u32le(0);
  logical.demand(
    logicalSectorBytes === 512 || logicalSectorBytes === 4096,
    0,
    `${logicalSectorBytes}`,
  );
  const sizeBytes = size.u64le(0);
  size.demand(sizeBytes <= maxDiskBytes, 0, `a disk of ${sizeBytes} bytes`, 'too-large');
  size.demand(sizeBytes % logicalSectorBytes === 0, 0, 'a size that is not whole sectors');
  const hasParent = (parameters.u32le(4) & 2) !== 0;
  const locator = found.get(items.parentLocator);
  return {
    blockBytes,
    leaveAllocated: (parameters.u32le(4) & 1) !== 0,
    hasParent,
    sizeBytes,
    diskId: guidText((await read('virtualDiskId', 16)).bytes),
    logicalSectorBytes,
    physicalSectorBytes: (await read('physicalSector', 4)).u32le(0),
    parent: hasParent ? parseParentLocator(await read('parentLocator')) : undefined,
    sizeOffset: size.place.offset,
    locatorEntryOffset: locator === undefined ? undefined : region.offset + locator.entryOffset,
    locatorOffset: locator?.offset,
  };
}

function parseTable(table: Structure, region: Region): Map<string, Item> {
  table.demand(table.latin1(0, 8) === 'metadata', 0, 'has no signature "metadata"');
  const count = table.u16le(10);
  table.demand(count <= 2047, 10, `${count} entries`);
  const known: readonly string[] = Object.values(items);
  const found = new Map<string, Item>();
  for (let index = 0; index < count; index += 1) {
    const at = 32 + index * 32;
    const guid = guidText(table.slice(at, 16));
    const [offset, length, flags] = [
      table.u32le(at + 16),
      table.u32le(at + 20),
      table.u32le(at + 24),
    ];
    const isRequired = (flags & 4) !== 0;
    table.demand(known.includes(guid) || !isRequired, at, `needs item ${guid}`, 'unsupported');
    if (!known.includes(guid)) continue;
    const isInside = offset >= kib64 && length <= mib && offset + length <= region.length;
    table.demand(isInside, at + 16, `an item at ${offset} of ${length} bytes`);
    table.demand(!found.has(guid), at, `item ${guid} is there twice`);
    found.set(guid, { offset: region.offset + offset, length, entryOffset: at });
  }
  return found;
}

export interface NewMetadata {
  readonly blockBytes: number;
  readonly isFixed: boolean;
  readonly sizeBytes: number;
  readonly diskId: string;
  readonly logicalSectorBytes: number;
  readonly physicalSectorBytes: number;
  readonly locator: Buffer | undefined;
}

/** Offset of the parent locator in the region; behind the other items, on a page of its own. */
const locatorAt = kib64 + 4096;

/** The table and the items, for the start of the region. */
export function buildMetadata(metadata: NewMetadata): Buffer {
  const bytes = Buffer.alloc(2 * kib64 + kib64);
  bytes.write('metadata', 0, 'latin1');
  let index = 0;
  const put = (guid: string, offset: number, content: Buffer, flags: number): void => {
    const at = 32 + index * 32;
    guidBytes(guid).copy(bytes, at);
    bytes.writeUInt32LE(offset, at + 16);
    bytes.writeUInt32LE(content.length, at + 20);
    bytes.writeUInt32LE(flags, at + 24);
    content.copy(bytes, offset);
    index += 1;
  };
  const number = (value: number): Buffer => {
    const content = Buffer.alloc(4);
    content.writeUInt32LE(value);
    return content;
  };
  const flags = (metadata.isFixed ? 1 : 0) | (metadata.locator === undefined ? 0 : 2);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(metadata.sizeBytes));
  const [required, ofDisk] = [4, 2];
  put(
    items.fileParameters,
    kib64,
    Buffer.concat([number(metadata.blockBytes), number(flags)]),
    required,
  );
  put(items.virtualDiskSize, kib64 + 8, size, required | ofDisk);
  put(items.virtualDiskId, kib64 + 16, guidBytes(metadata.diskId), required | ofDisk);
  put(items.logicalSector, kib64 + 32, number(metadata.logicalSectorBytes), required | ofDisk);
  put(items.physicalSector, kib64 + 36, number(metadata.physicalSectorBytes), required | ofDisk);
  if (metadata.locator !== undefined)
    put(items.parentLocator, locatorAt, metadata.locator, required);
  bytes.writeUInt16LE(index, 10);
  return bytes;
}
