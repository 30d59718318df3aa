/** What a disk holds where: runs that read as zeros, plain data with their place, compressed data. */
import { abortReason } from '#lib';
import type { Disk, DiskRun } from '../disk.ts';

export type MapRun = DiskRun & { readonly offset: number };

/** All runs in ascending order; adjacent runs of one kind, layer and place are joined. */
export async function* mapDisk(disk: Disk, signal?: AbortSignal): AsyncGenerator<MapRun> {
  let last: MapRun | undefined;
  for (let offset = 0; offset < disk.sizeBytes;) {
    if (signal?.aborted) throw abortReason(signal);
    const run = await disk.runAt(offset, disk.sizeBytes - offset);
    if (last !== undefined && continues(last, run)) {
      last = { ...last, length: last.length + run.length };
    } else {
      if (last !== undefined) yield last;
      last = { ...run, offset };
    }
    offset += run.length;
  }
  if (last !== undefined) yield last;
}

function continues(last: MapRun, run: DiskRun): boolean {
  if (last.kind === 'zero' && run.kind === 'zero') return last.depth === run.depth;
  return (
    last.kind === 'data' &&
    run.kind === 'data' &&
    last.depth === run.depth &&
    last.fileIdentity === run.fileIdentity &&
    last.fileOffset + last.length === run.fileOffset
  );
}

export interface Measure {
  /** Bytes of the guest that are stored plainly somewhere in the chain. */
  readonly dataBytes: number;
  readonly compressedBytes: number;
  readonly zeroBytes: number;
}

export async function measure(disk: Disk, signal?: AbortSignal): Promise<Measure> {
  const sums = { data: 0, compressed: 0, zero: 0 };
  for await (const run of mapDisk(disk, signal)) sums[run.kind] += run.length;
  // compressed clusters become plain ones in most targets
  const dataBytes = sums.data + sums.compressed;
  return { dataBytes, compressedBytes: sums.compressed, zeroBytes: sums.zero };
}
