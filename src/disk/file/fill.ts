/** Takes space for a range of a file from the volume, which then reads as zeros. */
import { abortReason, miB } from '#lib';
import { zeroBytes } from '../zeros.ts';
import type { DiskFile } from './disk-file.ts';

export interface FillWork {
  readonly signal?: AbortSignal | undefined;
  /** Bytes that are taken since the last call. */
  readonly onFill?: ((bytes: number) => void) | undefined;
}

/** Reserves through the host where it can, else by writing zeros. Faults: `exhausted`, `cancelled`. */
export async function fillFile(
  file: DiskFile,
  offset: number,
  length: number,
  work: FillWork = {},
): Promise<void> {
  if (file.reserve?.(offset + length) === true) work.onFill?.(length);
  else await writeZeros(file, offset, length, work);
}

/** Writes zeros. */
export async function writeZeros(
  file: DiskFile,
  offset: number,
  length: number,
  { signal, onFill }: FillWork = {},
): Promise<void> {
  for (let done = 0; done < length; done += miB) {
    if (signal?.aborted) throw abortReason(signal);
    const bytes = Math.min(miB, length - done);
    await file.write(zeroBytes(bytes), offset + done);
    onFill?.(bytes);
  }
}

/** Makes a range inside the file read as zeros: as a hole where the host can, else by writing. */
export async function clearRange(file: DiskFile, offset: number, length: number): Promise<void> {
  if (file.runAt?.(offset, length).kind === 'hole' && file.runAt(offset, length).length >= length) {
    return;
  }
  if (file.punch?.(offset, length) === true) return;
  await writeZeros(file, offset, length);
}
