/** Lays out an empty QCOW2: header, refcount table and first block, level-1 table. */
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { CreateOptions } from '../format.ts';
import { maxDiskBytes, maxStructureBytes } from '../limits.ts';
import { buildHeaderSector, features, type Qcow2Header } from './header.ts';

const usualClusterBytes = 65536;
const nameOffset = 1024;

export async function createQcow2(file: DiskFile, options: CreateOptions): Promise<void> {
  const clusterBytes = options.blockBytes ?? usualClusterBytes;
  const clusterBits = Math.log2(clusterBytes);
  if (!Number.isInteger(clusterBits) || clusterBits < 9 || clusterBits > 21) {
    throw new Fault('invalid', `cannot create ${file.name}: clusters of ${clusterBytes} bytes`, {
      hint: 'use a power of two from 512 bytes to 2 MiB',
    });
  }
  const version = options.variant === 'v2' ? 2 : 3;
  const useZstd = options.compression === 'zstd';
  if (useZstd && version === 2) {
    throw new Fault('unsupported', `cannot create ${file.name}: zstd needs version 3`);
  }
  const hasSubclusters = options.variant === 'v3-subclusters';
  if (hasSubclusters && clusterBits < 14) {
    throw new Fault('invalid', `cannot create ${file.name}: subclusters of less than 512 bytes`, {
      hint: 'use clusters of 16 KiB or more',
    });
  }
  const perTable = clusterBytes / (hasSubclusters ? 16 : 8);
  const l1Entries = Math.max(1, Math.ceil(options.sizeBytes / clusterBytes / perTable));
  if (options.sizeBytes > maxDiskBytes || l1Entries * 8 > maxStructureBytes) {
    throw new Fault('too-large', `cannot create ${file.name}: ${options.sizeBytes} bytes`, {
      hint: 'use larger clusters',
    });
  }
  const l1Clusters = Math.ceil((l1Entries * 8) / clusterBytes);
  const perBlock = clusterBytes / 2;
  // clusters: header, refcount table, refcount blocks, level-1 table
  let blocks = 1;
  let tableClusters = 1;
  const total = (): number => 1 + tableClusters + blocks + l1Clusters;
  while (blocks * perBlock < total() || tableClusters * (clusterBytes / 8) < blocks) {
    if (blocks * perBlock < total()) blocks += 1;
    else tableClusters += 1;
  }
  const name = Buffer.from(options.parent?.relativePath ?? '', 'utf8');
  if (nameOffset + name.length > clusterBytes || name.length > 1023) {
    if (name.length > 0)
      throw new Fault('too-large', `${options.parent?.path}: its name is too long`);
  }
  const header: Qcow2Header = {
    version,
    clusterBits,
    sizeBytes: options.sizeBytes,
    l1Entries,
    l1Offset: (1 + tableClusters + blocks) * clusterBytes,
    refcountTableOffset: clusterBytes,
    refcountTableClusters: tableClusters,
    refcountOrder: 4,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatible:
      (useZstd ? features.compressionType : 0n) | (hasSubclusters ? features.extendedL2 : 0n),
    compatible: 0n,
    autoclear: 0n,
    headerBytes: version === 3 ? 112 : 72,
    compression: useZstd ? 'zstd' : 'zlib',
    backingName: options.parent?.relativePath,
    backingFormat: options.parent?.format === 'vhd' ? 'vpc' : options.parent?.format,
    extensions: [],
    bitmaps: undefined,
  };
  const backing = name.length > 0 ? { offset: nameOffset, length: name.length } : undefined;
  const first = Buffer.alloc(clusterBytes);
  buildHeaderSector(header, backing).copy(first);
  name.copy(first, nameOffset);
  const table = Buffer.alloc(tableClusters * clusterBytes);
  const counts = Buffer.alloc(blocks * clusterBytes);
  for (let block = 0; block < blocks; block += 1) {
    table.writeBigUInt64BE(BigInt((1 + tableClusters + block) * clusterBytes), block * 8);
  }
  for (let cluster = 0; cluster < total(); cluster += 1) counts.writeUInt16BE(1, cluster * 2);
  await file.write(
    Buffer.concat([first, table, counts, Buffer.alloc(l1Clusters * clusterBytes)]),
    0,
  );
}
