/**
 * What file systems inside a disk say is free. Only bitmaps and their like are read, never written; what does not fit
 * together is not believed, and a file system that was not unmounted cleanly is left alone with the reason.
 */
import { isFault } from '#lib';
import type { Disk } from '../disk.ts';
import { readExt4 } from './ext4.ts';
import { readNtfs } from './ntfs.ts';
import { knownPartitions, type Partition } from './partitions.ts';
import { RangeList } from './ranges.ts';
import { GuestWindow } from './window.ts';
import { readXfs } from './xfs.ts';

/** Ranges of the disk that are free, or why they are not to be had. */
export type FreeReading = { readonly ranges: RangeList } | { readonly reason: string };

const readers = { ext4: readExt4, xfs: readXfs, ntfs: readNtfs } as const;

export interface FileSystemSpace {
  readonly partition: number;
  readonly start: number;
  readonly sizeBytes: number;
  /** `ext4` stands for ext2 and ext3 too. */
  readonly kind: keyof typeof readers;
  readonly freeBytes: number;
  /** Why its free space is left as it is, where it is. */
  readonly reason: string | undefined;
}

export interface FreeSpace {
  readonly fileSystems: readonly FileSystemSpace[];
  readonly ranges: RangeList;
}

/** Looks at the whole disk as a file system, else at its partitions. Faults: host faults, `cancelled`. */
export async function readFreeSpace(disk: Disk, signal?: AbortSignal): Promise<FreeSpace> {
  const whole = await readPlace(
    disk,
    { number: 0, start: 0, sizeBytes: disk.sizeBytes, boots: false },
    signal,
  );
  const places = whole === undefined ? await knownPartitions(disk) : [];
  const found = whole === undefined ? [] : [whole];
  for (const place of places.toSorted((a, b) => a.start - b.start)) {
    const one = await readPlace(disk, place, signal);
    if (one !== undefined) found.push(one);
  }
  const ranges = new RangeList();
  for (const { free } of found) for (const [start, end] of free) ranges.add(start, end);
  return { fileSystems: found.map(({ space }) => space), ranges: ranges.end() };
}

async function readPlace(
  disk: Disk,
  { number, start, sizeBytes }: Partition,
  signal: AbortSignal | undefined,
): Promise<{ readonly space: FileSystemSpace; readonly free: RangeList } | undefined> {
  const window = new GuestWindow(disk, start, sizeBytes);
  for (const kind of ['ext4', 'xfs', 'ntfs'] as const) {
    const reading = await attempt(() => readers[kind](window, signal));
    if (reading === undefined) continue;
    const free = 'ranges' in reading ? reading.ranges : new RangeList();
    const reason = 'reason' in reading ? reading.reason : undefined;
    const space = { partition: number, start, sizeBytes, kind, freeBytes: free.bytes, reason };
    return { space, free };
  }
  return undefined;
}

/** What a file system says wrongly is a reason to leave it alone, not a failure. */
async function attempt(
  work: () => Promise<FreeReading | undefined>,
): Promise<FreeReading | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isFault(error, 'corrupt')) return { reason: error.message };
    throw error;
  }
}
