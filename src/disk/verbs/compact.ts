/**
 * Makes the file of a growing disk as small as its content allows, by writing it anew and then taking its place. When
 * asked to, what file systems in the disk say is free is left out too: it then reads as zeros.
 */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import { readFreeSpace, type FileSystemSpace } from '../guest/free-space.ts';
import { maskDisk } from '../guest/masked-layer.ts';
import type { FileStore } from '../store.ts';
import { isZero } from '../zeros.ts';
import { convertDisk } from './convert.ts';
import { demandNothingInside } from './inside.ts';
import { measure } from './map.ts';
import { chunkBytes } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import type { ResumeChoice, Resumed } from './resume.ts';
import { spansOf } from './spans.ts';

/** Formats and variants whose file a compaction can make smaller. */
export const growingVariants: Readonly<Record<string, readonly string[]>> = {
  vhd: ['dynamic'],
  vhdx: ['dynamic'],
  qcow2: ['v2', 'v3'],
  vmdk: ['monolithicSparse'],
};

/** What a disk that does not grow becomes when that is asked for (DISK-43). */
const grown: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  raw: { raw: 'sparse' },
  vhd: { fixed: 'dynamic' },
  vhdx: { fixed: 'dynamic' },
};

export interface CompactChoices {
  /** `drop`: leave out what the file systems say is free. `keep` when absent. */
  readonly freeBlocks?: 'keep' | 'drop' | undefined;
  /** `make-dynamic`: a fixed disk becomes a growing one. `refuse` when absent. */
  readonly fixed?: 'refuse' | 'make-dynamic' | undefined;
}

/**
 * The variant that the compacted disk has. Faults: `refused` for children (merge first), fixed disks unless they are to
 * become dynamic, and disks with internal snapshots or dirty bitmaps.
 */
export function demandCompactable(disk: Disk, choices: CompactChoices = {}): string {
  const { variant } = disk.layer.describe();
  if (disk.layer.parentReference !== undefined) {
    throw new Fault('refused', `cannot compact ${disk.name}: it is a differencing disk`, {
      hint: 'merge it into its parent, then compact the parent',
    });
  }
  demandNothingInside(disk, 'compact');
  if ((growingVariants[disk.format] ?? []).includes(variant)) return variant;
  const becomes = grown[disk.format]?.[variant];
  if (becomes === undefined || choices.fixed !== 'make-dynamic') {
    throw new Fault(
      'refused',
      `cannot compact ${disk.name}: a ${variant} ${disk.format} does not grow`,
      {
        hint: 'make it a dynamic disk while compacting, or convert it first',
      },
    );
  }
  return becomes;
}

export interface CompactEstimate {
  readonly fileBytes: number;
  /** What would be won, about. */
  readonly gainBytes: number;
  /** The file systems that were asked what is free; empty when that is kept. */
  readonly fileSystems: readonly FileSystemSpace[];
}

interface Seen {
  /** The disk as its compacted copy is to be. */
  readonly disk: Disk;
  readonly fileSystems: readonly FileSystemSpace[];
}

async function seenCompacted(
  disk: Disk,
  { freeBlocks, signal }: CompactChoices & VerbOptions,
): Promise<Seen> {
  if (freeBlocks !== 'drop') return { disk, fileSystems: [] };
  const { fileSystems, ranges } = await readFreeSpace(disk, signal);
  return { disk: maskDisk(disk, ranges), fileSystems };
}

/** Reads what is stored and counts the blocks that hold nothing but zeros. */
export async function estimateCompact(
  disk: Disk,
  options: VerbOptions & CompactChoices = {},
): Promise<CompactEstimate> {
  demandCompactable(disk, options);
  const meter = new ProgressMeter(disk.sizeBytes, options);
  const fileBytes = await takenBytes(disk);
  const seen = await seenCompacted(disk, options);
  const kept = await keptBytes(seen.disk, meter);
  meter.end();
  const { compressedBytes, dataBytes } = await measure(disk, options.signal);
  // compressed clusters stay as small as they are only in part: nothing is promised for them
  const stored = dataBytes - compressedBytes;
  const gainBytes = Math.max(0, Math.min(fileBytes, stored) - kept);
  return { fileBytes, gainBytes, fileSystems: seen.fileSystems };
}

/** Bytes of the blocks that hold anything. */
async function keptBytes(disk: Disk, meter: ProgressMeter): Promise<number> {
  const { blockBytes } = disk;
  const buffer = Buffer.alloc(chunkBytes);
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
  return kept;
}

export interface CompactOptions extends VerbOptions, CompactChoices, ResumeChoice {
  readonly path: string;
  readonly store: FileStore;
  readonly format?: string | undefined;
}

/** The old file is in place, whole, until the new one takes its name. */
export async function compactDisk(options: CompactOptions): Promise<CompactEstimate & Resumed> {
  const { path, store, format } = options;
  await using disk = await openDisk({ path, store, ...(format === undefined ? {} : { format }) });
  const variant = demandCompactable(disk, options);
  const before = await takenBytes(disk);
  const { fields } = disk.layer.describe();
  const seen = await seenCompacted(disk, options);
  const { compressedBytes } = await measure(disk, options.signal);
  const { resumedBytes } = await convertDisk(seen.disk, {
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
  const fileBytes = await takenBytes(after);
  return { fileBytes, gainBytes: before - fileBytes, fileSystems: seen.fileSystems, resumedBytes };
}

/** What the file takes on its volume, where the host can tell. */
async function takenBytes({ layer }: Disk): Promise<number> {
  return (await layer.file.storedBytes?.()) ?? layer.file.size();
}
