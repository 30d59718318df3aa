/**
 * Makes a disk hold what another one holds, writing only what differs: a layer over a parent with much in common stays
 * as small as it can be. Cut off, it can be begun again.
 */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { diffDisks } from './diff.ts';
import { chunkBytes } from './pipeline.ts';
import type { VerbOptions } from './progress.ts';

/** Answers the bytes that differed. Faults: `invalid` when the target is smaller; those of reading and writing; `cancelled`. */
export async function matchDisk(
  target: Disk,
  source: Disk,
  options: VerbOptions = {},
): Promise<number> {
  if (target.sizeBytes < source.sizeBytes) {
    const text = `${target.name} has ${target.sizeBytes} bytes, ${source.name} ${source.sizeBytes}`;
    throw new Fault('invalid', `the target is too small: ${text}`);
  }
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  let changedBytes = 0;
  for await (const { offset, length, first, second } of diffDisks(target, source, options)) {
    if (first === 'zero' && second === 'beyond') continue;
    changedBytes += length;
    if (second !== 'data') {
      await target.zero(offset, length);
      continue;
    }
    for (let at = offset; at < offset + length; at += chunkBytes) {
      const bytes = buffer.subarray(0, Math.min(chunkBytes, offset + length - at));
      await source.read(bytes, at);
      await target.write(bytes, at);
    }
  }
  await target.flush();
  return changedBytes;
}
