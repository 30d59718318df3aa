/** Lays out an empty VHDX: header section, log, metadata, table; for a fixed disk all of its blocks too. */
import { Fault, uuidOf } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { fillFile } from '../file/fill.ts';
import type { CreateOptions } from '../format.ts';
import { maxDiskBytes } from '../limits.ts';
import { batEntries, blockStates, chunkRatioOf } from './bat.ts';
import { noGuid } from './guid.ts';
import { buildHeader, buildRegions, headerOffsets, mib, regionOffsets } from './header.ts';
import { buildMetadata } from './metadata.ts';
import { buildParentLocator } from './parent-locator.ts';

/** Small blocks keep scattered data small; beyond 1 TiB larger ones keep the table small. */
function usualBlockBytes(sizeBytes: number): number {
  return sizeBytes <= 1024 ** 4 ? 2 * mib : 32 * mib;
}

/** What makes a disk the same one, and who made it. */
export interface VhdxIdentity {
  readonly diskId: string;
  readonly fileWriteGuid: string;
  readonly dataWriteGuid: string;
  readonly creator: Buffer;
  readonly physicalSectorBytes: number;
}

export function createVhdx(file: DiskFile, options: CreateOptions): Promise<void> {
  const guid = (): string => uuidOf(options.newIdentity(), 4);
  return layOutVhdx(file, options, {
    fileWriteGuid: guid(),
    dataWriteGuid: guid(),
    diskId: guid(),
    creator: Buffer.from('Gantry', 'utf16le'),
    physicalSectorBytes: 4096,
  });
}

export async function layOutVhdx(
  file: DiskFile,
  options: Omit<CreateOptions, 'nowMs' | 'newIdentity'>,
  identity: VhdxIdentity,
): Promise<void> {
  const { sizeBytes, sectorBytes = 512 } = options;
  const blockBytes = options.blockBytes ?? usualBlockBytes(sizeBytes);
  const isSound =
    blockBytes >= mib && blockBytes <= 256 * mib && Number.isInteger(Math.log2(blockBytes));
  if (!isSound || (sectorBytes !== 512 && sectorBytes !== 4096) || sizeBytes % sectorBytes !== 0) {
    const text = `blocks of ${blockBytes}, sectors of ${sectorBytes}, ${sizeBytes} bytes`;
    throw new Fault('invalid', `cannot create ${file.name}: ${text}`, {
      hint: 'use blocks of 1 MiB to 256 MiB, a power of two, and sectors of 512 or 4096 bytes',
    });
  }
  if (sizeBytes > maxDiskBytes || sizeBytes === 0) {
    throw new Fault('too-large', `cannot create ${file.name}: a vhdx has at most 64 TiB`);
  }
  const isFixed = options.variant === 'fixed';
  const hasParent = options.parent !== undefined;
  if ((options.variant === 'differencing') !== hasParent && options.variant !== undefined) {
    throw new Fault('invalid', `cannot create ${file.name}: a differencing disk needs a parent`);
  }
  const blocks = Math.ceil(sizeBytes / blockBytes);
  const ratio = chunkRatioOf(blockBytes, sectorBytes);
  const entries = batEntries(blocks, ratio, hasParent);
  const bat = { offset: 3 * mib, length: Math.ceil((entries * 8) / mib) * mib };
  const metadata = { offset: 2 * mib, length: mib };
  const head = Buffer.alloc(mib);
  head.write('vhdxfile', 0, 'latin1');
  identity.creator.copy(head, 8);
  const { fileWriteGuid, dataWriteGuid, diskId, physicalSectorBytes } = identity;
  const identities = { fileWriteGuid, dataWriteGuid, logGuid: noGuid };
  for (const slot of [0, 1] as const) {
    const log = { logOffset: mib, logBytes: mib };
    const header = { slot, sequence: BigInt(slot + 1), ...identities, ...log };
    buildHeader(header).copy(head, headerOffsets[slot]);
  }
  for (const offset of regionOffsets) buildRegions({ bat, metadata }).copy(head, offset);
  await file.write(head, 0);
  const items = buildMetadata({
    blockBytes,
    isFixed,
    sizeBytes,
    diskId,
    logicalSectorBytes: sectorBytes,
    physicalSectorBytes,
    locator: options.parent === undefined ? undefined : buildParentLocator(options.parent),
  });
  await file.write(items, metadata.offset);
  const end = bat.offset + bat.length;
  await file.truncate(end);
  if (!isFixed) return;
  await file.truncate(end + blocks * blockBytes);
  if (options.preallocation === 'full') {
    await fillFile(file, end, blocks * blockBytes, options);
  }
  await writeFixedTable(file, bat.offset, end, { blocks, blockBytes, ratio });
}

/** All blocks present, one after the other. */
async function writeFixedTable(
  file: DiskFile,
  offset: number,
  first: number,
  disk: { readonly blocks: number; readonly blockBytes: number; readonly ratio: number },
): Promise<void> {
  const perPart = 32768;
  const entries = batEntries(disk.blocks, disk.ratio, false);
  for (let start = 0; start < entries; start += perPart) {
    const part = Buffer.alloc(Math.min(perPart, entries - start) * 8);
    for (let index = 0; index * 8 < part.length; index += 1) {
      const entry = start + index;
      if (entry % (disk.ratio + 1) === disk.ratio) continue; // a sector bitmap's
      const block = entry - Math.floor(entry / (disk.ratio + 1));
      const place = BigInt((first + block * disk.blockBytes) / mib);
      part.writeBigUInt64LE((place << 20n) | BigInt(blockStates.fullyPresent), index * 8);
    }
    await file.write(part, offset + start * 8);
  }
}
