/** Makes the file of a growing disk as small as its content allows, by writing it anew and then taking its place. */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { isZero } from '../zeros.ts';
import { convertDisk } from './convert.ts';
import { measure } from './map.ts';
import { chunkBytes } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import { spansOf } from './spans.ts';

/** Formats and variants whose file a compaction can make smaller. */
const growing: Readonly<Record<string, readonly string[]>> = {
  vhd: ['dynamic'],
  vhdx: ['dynamic'],
  qcow2: ['v2', 'v3'],
  vmdk: ['monolithicSparse'],
};

/** Faults: `refused` for children (merge first), fixed disks, and disks with internal snapshots. */
export function demandCompactable(disk: Disk): void {
  const { variant, snapshots = [] } = disk.layer.describe();
  if (disk.layer.parentReference !== undefined) {
    throw new Fault('refused', `cannot compact ${disk.name}: it is a differencing disk`, {
      hint: 'merge it into its parent, then compact the parent',
    });
  }
  if (snapshots.length > 0) {
    throw new Fault('refused', `cannot compact ${disk.name}: it has internal snapshots`, {
      hint: 'delete the snapshots or convert them to disks of their own first',
    });
  }
  if (!(growing[disk.format] ?? []).includes(variant)) {
    throw new Fault(
      'refused',
      `cannot compact ${disk.name}: a ${variant} ${disk.format} does not grow`,
      {
        hint: 'convert it to a dynamic disk, then compact that',
      },
    );
  }
}

export interface CompactEstimate {
  readonly fileBytes: number;
  /** What would be won, about. */
  readonly gainBytes: number;
}

/** Reads what is stored and counts the blocks that hold nothing but zeros. */
export async function estimateCompact(
  disk: Disk,
  options: VerbOptions = {},
): Promise<CompactEstimate> {
  demandCompactable(disk);
  const meter = new ProgressMeter(disk.sizeBytes, options);
  const buffer = Buffer.alloc(chunkBytes);
  const fileBytes = await disk.layer.file.size();
  const { blockBytes } = disk;
  let kept = 0;
  let lastBlock = -1;
  for await (const { chunkLength, start, end } of spansOf(disk)) {
    const bytes = buffer.subarray(0, end - start);
    await disk.read(bytes, start);
    for (let at = 0; at < bytes.length;) {
      const block = Math.floor((start + at) / blockBytes);
      const length = Math.min(bytes.length - at, (block + 1) * blockBytes - start - at);
      if (block !== lastBlock && !isZero(bytes.subarray(at, at + length))) {
        kept += blockBytes;
        lastBlock = block;
      }
      at += length;
    }
    meter.add(chunkLength);
  }
  meter.end();
  const { compressedBytes, dataBytes } = await measure(disk, options.signal);
  // compressed clusters stay as small as they are only in part: nothing is promised for them
  const stored = dataBytes - compressedBytes;
  return { fileBytes, gainBytes: Math.max(0, Math.min(fileBytes, stored) - kept) };
}

export interface CompactOptions extends VerbOptions {
  readonly path: string;
  readonly store: FileStore;
  readonly format?: string | undefined;
}

/** The old file is in place, whole, until the new one takes its name. */
export async function compactDisk(options: CompactOptions): Promise<CompactEstimate> {
  const { path, store, format } = options;
  await using disk = await openDisk({ path, store, ...(format === undefined ? {} : { format }) });
  demandCompactable(disk);
  const before = await disk.layer.file.size();
  const { variant, fields } = disk.layer.describe();
  const { compressedBytes } = await measure(disk, options.signal);
  await convertDisk(disk, {
    ...options,
    target: {
      path,
      format: disk.format,
      variant,
      blockBytes: disk.blockBytes,
      sectorBytes: disk.sectorBytes,
      existing: 'replace',
      ...(fields['compression'] === 'zstd' ? { compression: 'zstd' as const } : {}),
    },
    compress: compressedBytes > 0,
    verify: 'compare',
  });
  await using after = await openDisk({ path, store, format: disk.format });
  const fileBytes = await after.layer.file.size();
  return { fileBytes, gainBytes: before - fileBytes };
}
