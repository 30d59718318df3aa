/**
 * The QCOW2 header (versions 2 and 3) with its extensions, after docs/interop/qcow2.txt of QEMU. All that
 * changes later (sizes, table offsets, feature bits, the backing file's place) lies in the first 512 bytes,
 * so that a change of it is one sector and happens wholly or not at all.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { maxDiskBytes, maxNameBytes, maxSnapshots, maxStructureBytes } from '../limits.ts';
import type { Packing } from '../packing/codec.ts';
import { readStructure, type Structure } from '../structure.ts';

export const magic = 0x514649fb;
const place = { format: 'qcow2', structure: 'header', offset: 0 };

/** Incompatible feature bits: a reader that does not know one must not open the file. */
export const features = {
  dirty: 1n,
  corrupt: 2n,
  dataFile: 4n,
  compressionType: 8n,
  extendedL2: 16n,
} as const;
const knownFeatures = Object.values(features).reduce((all, bit) => all | bit, 0n);
export const autoclearBitmaps = 1n;

const encrypted =
  'it is encrypted; qemu-img convert makes, with its secret, a copy that can be read';
const dataElsewhere = 'keeps its data in another file; qemu-img convert makes one file of both';

const extensions = {
  backingFormat: 0xe2792aca,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
  crypto: 0x0537be77,
  dataFile: 0x44415441,
} as const;

export interface HeaderExtension {
  readonly type: number;
  readonly data: Buffer;
}

export interface Qcow2Header {
  readonly version: number;
  readonly clusterBits: number;
  readonly sizeBytes: number;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly refcountOrder: number;
  readonly snapshotCount: number;
  readonly snapshotsOffset: number;
  readonly incompatible: bigint;
  readonly compatible: bigint;
  readonly autoclear: bigint;
  readonly headerBytes: number;
  readonly compression: 'zlib' | 'zstd';
  readonly backingName: string | undefined;
  readonly backingFormat: string | undefined;
  readonly extensions: readonly HeaderExtension[];
  readonly bitmaps: BitmapsExtension | undefined;
}

export interface BitmapsExtension {
  readonly count: number;
  readonly directoryOffset: number;
  readonly directoryBytes: number;
}

/** Faults: `corrupt`; `unsupported` for features, versions and encryption that are not known. */
export async function readHeader(file: DiskFile): Promise<Qcow2Header> {
  const short = await readStructure(file, place, 72);
  short.demand(short.u32be(0) === magic, 0, 'has no magic "QFI\\xfb"');
  const version = short.u32be(4);
  short.demand(version === 2 || version === 3, 4, `version ${version} is not known`, 'unsupported');
  const clusterBits = short.u32be(20);
  short.demand(clusterBits >= 9 && clusterBits <= 21, 20, `clusters of 2^${clusterBits} bytes`);
  short.demand(short.u32be(32) === 0, 32, encrypted, 'unsupported');
  const first = await readStructure(file, place, version === 3 ? 104 : 72);
  const headerBytes = version === 3 ? first.u32be(100) : 72;
  first.demand(
    headerBytes >= first.length && headerBytes <= 4096,
    100,
    `a header of ${headerBytes}`,
  );
  const header = await readStructure(file, place, headerBytes);
  const incompatible = version === 3 ? header.big64be(72) : 0n;
  header.demand(
    (incompatible & ~knownFeatures) === 0n,
    72,
    `needs features that are not known (${(incompatible & ~knownFeatures).toString(16)})`,
    'unsupported',
  );
  const usesDataFile = (incompatible & features.dataFile) !== 0n;
  header.demand(!usesDataFile, 72, dataElsewhere, 'unsupported');
  const more = await readExtensions(file, headerBytes, 1 << clusterBits);
  const format = more.find(({ type }) => type === extensions.backingFormat);
  return {
    version,
    clusterBits,
    ...readTables(header, clusterBits),
    refcountOrder: readOrder(header, version),
    incompatible,
    compatible: version === 3 ? header.big64be(80) : 0n,
    autoclear: version === 3 ? header.big64be(88) : 0n,
    headerBytes,
    compression: readCompression(header, incompatible),
    backingName: await readBackingName(file, header, 1 << clusterBits),
    backingFormat: format?.data.toString('latin1'),
    extensions: more,
    bitmaps: readBitmapsExtension(header, more),
  };
}

function readOrder(header: Structure, version: number): number {
  const order = version === 3 ? header.u32be(96) : 4;
  header.demand(order <= 6, 96, `refcounts of 2^${order} bits`);
  return order;
}

/** How clusters are packed: with zlib without the head and sum of its own streams. */
export function packingOf(compression: Qcow2Header['compression']): Packing {
  return compression === 'zlib' ? 'deflate' : 'zstd';
}

function readCompression(header: Structure, incompatible: bigint): 'zlib' | 'zstd' {
  if ((incompatible & features.compressionType) === 0n) return 'zlib';
  const type = header.length > 104 ? header.u8(104) : 0;
  header.demand(type <= 1, 104, `compression type ${type} is not known`, 'unsupported');
  return type === 1 ? 'zstd' : 'zlib';
}

type Tables = Pick<
  Qcow2Header,
  | 'sizeBytes'
  | 'l1Entries'
  | 'l1Offset'
  | 'refcountTableOffset'
  | 'refcountTableClusters'
  | 'snapshotCount'
  | 'snapshotsOffset'
>;

function readTables(header: Structure, clusterBits: number): Tables {
  const clusterBytes = 2 ** clusterBits;
  const sizeBytes = header.u64be(24);
  header.demand(sizeBytes <= maxDiskBytes, 24, `a disk of ${sizeBytes} bytes`, 'too-large');
  const l1Entries = header.u32be(36);
  header.demand(l1Entries * 8 <= maxStructureBytes, 36, `a level-1 table of ${l1Entries} entries`);
  const refcountTableClusters = header.u32be(56);
  header.demand(
    refcountTableClusters * clusterBytes <= maxStructureBytes,
    56,
    `a refcount table of ${refcountTableClusters} clusters`,
  );
  const tables = {
    sizeBytes,
    l1Entries,
    l1Offset: header.u64be(40),
    refcountTableOffset: header.u64be(48),
    refcountTableClusters,
    snapshotCount: header.u32be(60),
    snapshotsOffset: header.u64be(64),
  };
  header.demand(tables.snapshotCount <= maxSnapshots, 60, `${tables.snapshotCount} snapshots`);
  for (const [at, offset] of [
    [40, tables.l1Offset],
    [48, tables.refcountTableOffset],
    [64, tables.snapshotsOffset],
  ] as const) {
    header.demand(offset % clusterBytes === 0, at, `a table at ${offset}, not on a cluster`);
  }
  return tables;
}

async function readBackingName(
  file: DiskFile,
  header: Structure,
  clusterBytes: number,
): Promise<string | undefined> {
  const offset = header.u64be(8);
  if (offset === 0) return undefined;
  const length = header.u32be(16);
  header.demand(
    length <= Math.min(1023, maxNameBytes),
    16,
    `a backing file name of ${length} bytes`,
  );
  header.demand(offset + length <= clusterBytes, 8, 'its backing file name is outside the header');
  const where = { format: 'qcow2', structure: 'backing file name', offset };
  return (await readStructure(file, where, length)).bytes.toString('utf8');
}

async function readExtensions(
  file: DiskFile,
  start: number,
  clusterBytes: number,
): Promise<HeaderExtension[]> {
  const found: HeaderExtension[] = [];
  for (let at = start; at + 8 <= clusterBytes;) {
    const where = { format: 'qcow2', structure: 'header extension', offset: at };
    const head = await readStructure(file, where, 8);
    const [type, length] = [head.u32be(0), head.u32be(4)];
    if (type === 0) break;
    head.demand(at + 8 + length <= clusterBytes, 4, `${length} bytes, beyond the first cluster`);
    head.demand(found.length < 64, 0, 'more than 64 header extensions');
    if (type === extensions.crypto) throw head.fault(0, encrypted, 'unsupported');
    const data = await readStructure(file, { ...where, offset: at + 8 }, length);
    found.push({ type, data: data.bytes });
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return found;
}

function readBitmapsExtension(
  header: Structure,
  more: readonly HeaderExtension[],
): BitmapsExtension | undefined {
  const data = more.find(({ type }) => type === extensions.bitmaps)?.data;
  if (data === undefined) return undefined;
  header.demand(data.length === 24, 0, 'a bitmaps extension that is not 24 bytes long');
  const directoryBytes = data.readBigUInt64BE(8);
  const directoryOffset = data.readBigUInt64BE(16);
  const fits = directoryBytes <= BigInt(maxStructureBytes) && directoryOffset < 2n ** 52n;
  header.demand(fits, 0, 'a bitmap directory out of bounds');
  return {
    count: data.readUInt32BE(0),
    directoryOffset: Number(directoryOffset),
    directoryBytes: Number(directoryBytes),
  };
}

/** The first sector with the fields of the header changed and all else, extensions too, as it was. */
export function patchHeaderSector(sector: Buffer, header: Qcow2Header): Buffer {
  const bytes = Buffer.from(sector);
  bytes.writeBigUInt64BE(BigInt(header.sizeBytes), 24);
  bytes.writeUInt32BE(header.l1Entries, 36);
  bytes.writeBigUInt64BE(BigInt(header.l1Offset), 40);
  bytes.writeBigUInt64BE(BigInt(header.refcountTableOffset), 48);
  bytes.writeUInt32BE(header.refcountTableClusters, 56);
  if (header.version === 3) bytes.writeBigUInt64BE(header.autoclear, 88);
  return bytes;
}

/**
 * The header as the first sector, with the extensions that fit: those that matter first, the table of
 * feature names, which only serves messages, dropped when there is no room.
 */
export function buildHeaderSector(
  header: Qcow2Header,
  backing: { readonly offset: number; readonly length: number } | undefined,
): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(header.version, 4);
  bytes.writeBigUInt64BE(BigInt(backing?.offset ?? 0), 8);
  bytes.writeUInt32BE(backing?.length ?? 0, 16);
  bytes.writeUInt32BE(header.clusterBits, 20);
  bytes.writeBigUInt64BE(BigInt(header.sizeBytes), 24);
  bytes.writeUInt32BE(header.l1Entries, 36);
  bytes.writeBigUInt64BE(BigInt(header.l1Offset), 40);
  bytes.writeBigUInt64BE(BigInt(header.refcountTableOffset), 48);
  bytes.writeUInt32BE(header.refcountTableClusters, 56);
  bytes.writeUInt32BE(header.snapshotCount, 60);
  bytes.writeBigUInt64BE(BigInt(header.snapshotsOffset), 64);
  let at = 72;
  if (header.version === 3) {
    bytes.writeBigUInt64BE(header.incompatible, 72);
    bytes.writeBigUInt64BE(header.compatible, 80);
    bytes.writeBigUInt64BE(header.autoclear, 88);
    bytes.writeUInt32BE(header.refcountOrder, 96);
    bytes.writeUInt32BE(112, 100);
    bytes.writeUInt8(header.compression === 'zstd' ? 1 : 0, 104);
    at = 112;
  }
  const format = backing === undefined ? undefined : header.backingFormat;
  const kept = header.extensions.filter(({ type }) => type !== extensions.backingFormat);
  const wanted: HeaderExtension[] = [
    ...(format === undefined
      ? []
      : [{ type: extensions.backingFormat, data: Buffer.from(format, 'latin1') }]),
    ...kept.filter(({ type }) => type !== extensions.featureNames),
    ...kept.filter(({ type }) => type === extensions.featureNames),
  ];
  for (const { type, data } of wanted) {
    const space = 8 + Math.ceil(data.length / 8) * 8;
    if (at + space + 8 > bytes.length) continue;
    bytes.writeUInt32BE(type, at);
    bytes.writeUInt32BE(data.length, at + 4);
    data.copy(bytes, at + 8);
    at += space;
  }
  return bytes;
}
