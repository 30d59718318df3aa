/** A disk cut into chunks, each with the part of it that may hold something: what zero runs surround is left out. */
import type { Disk } from '../disk.ts';
import { chunkBytes } from './pipeline.ts';

export interface Span {
  /** Start of the chunk. */
  readonly chunk: number;
  readonly chunkLength: number;
  /** The part from the first byte to the last that is not known to be zero; empty when all is zero. */
  readonly start: number;
  readonly end: number;
}

/** A part of a disk. */
export interface SpanRange {
  /** On the border of a chunk. */
  readonly start: number;
  readonly end: number;
}

/**
 * Chunks in ascending order, of the whole disk or a range of it; adjacent chunks of zeros come as one span. Of compressed
 * data there is no more in a chunk than `packedSize`, which divides `size`: it takes memory beside the chunk until it is unpacked.
 */
export async function* spansOf(
  disk: Disk,
  size = chunkBytes,
  range: SpanRange = { start: 0, end: disk.sizeBytes },
  packedSize = size,
): AsyncGenerator<Span> {
  let chunk = range.start;
  let chunkSize = size;
  let start = -1;
  let end = -1;
  for (let at = range.start; at < range.end;) {
    const run = await disk.runAt(at, range.end - at);
    for (let left = run.length; left > 0;) {
      if (at === chunk) chunkSize = size;
      if (run.kind === 'compressed')
        chunkSize = Math.min(chunkSize, Math.ceil((at + 1 - chunk) / packedSize) * packedSize);
      const chunkEnd = Math.min(chunk + chunkSize, range.end);
      const isWideZero = run.kind === 'zero' && at === chunk && left >= size;
      const part = isWideZero
        ? Math.min(left, Math.floor(left / size) * size)
        : Math.min(left, chunkEnd - at);
      if (run.kind !== 'zero') {
        if (start < 0) start = at;
        end = at + part;
      }
      at += part;
      left -= part;
      if (at < chunkEnd) continue;
      yield start < 0
        ? { chunk, chunkLength: at - chunk, start: chunk, end: chunk }
        : { chunk, chunkLength: at - chunk, start, end };
      chunk = at;
      start = -1;
    }
  }
}
