/** Changes the size of a disk in place. What a smaller size would cut off must be zeros, proved by reading it. */
import { abortReason, Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { isZero } from '../zeros.ts';
import { roundedSize } from './create.ts';
import { chunkBytes } from './pipeline.ts';

/** Faults: `refused` naming the first offset in use; `unsupported`; `invalid` for a size that it cannot have. */
export async function resizeDisk(
  disk: Disk,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  await demandSize(disk, sizeBytes, signal);
  if (sizeBytes !== disk.sizeBytes) await disk.resize(sizeBytes);
}

/** Faults: `invalid` for a size that the format cannot have; `refused` when it would cut off data. */
export async function demandSize(
  disk: Disk,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { variant } = disk.layer.describe();
  const wanted = roundedSize({ format: disk.format, sizeBytes, variant });
  if (wanted !== sizeBytes || sizeBytes <= 0 || sizeBytes % disk.sectorBytes !== 0) {
    throw new Fault('invalid', `${disk.name} cannot have ${sizeBytes} bytes`, {
      hint: `the next size it can have is ${Math.max(wanted, disk.sectorBytes)}`,
    });
  }
  if (sizeBytes < disk.sizeBytes) await demandEmpty(disk, sizeBytes, signal);
}

async function demandEmpty(
  disk: Disk,
  from: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const offset = await findDataFrom(disk, from, signal);
  if (offset === undefined) return;
  throw new Fault('refused', `cannot shrink ${disk.name}: it holds data after ${offset}`, {
    facts: { offset },
    hint: 'make the file systems in it smaller first, or zero what is behind them',
  });
}

/** About where there is something else than zeros from an offset on, which may be any; undefined: nowhere. */
export async function findDataFrom(
  disk: Disk,
  from: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const buffer = Buffer.alloc(chunkBytes);
  const first = Math.floor(from / disk.sectorBytes) * disk.sectorBytes;
  for (let at = first; at < disk.sizeBytes;) {
    if (signal?.aborted) throw abortReason(signal);
    const run = await disk.runAt(at, disk.sizeBytes - at);
    const length = run.kind === 'zero' ? run.length : Math.min(run.length, chunkBytes);
    if (run.kind !== 'zero') {
      const bytes = buffer.subarray(0, length);
      await disk.read(bytes, at);
      if (!isZero(bytes.subarray(Math.max(0, from - at)))) return at;
    }
    at += length;
  }
  return undefined;
}
