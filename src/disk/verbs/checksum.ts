/** A checksum of a disk's content, the same in every format: of all its bytes from first to last. */
import { createHash } from 'node:crypto';
import type { Disk } from '../disk.ts';
import { zeroBytes } from '../zeros.ts';
import { chunkBytes } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import { spansOf } from './spans.ts';

export interface ChecksumOptions extends VerbOptions {
  readonly algorithm?: 'sha256' | 'sha512' | 'sha1' | 'md5' | undefined;
}

/** Hexadecimal digits. The next chunk is read while one is summed up. */
export async function checksumDisk(disk: Disk, options: ChecksumOptions = {}): Promise<string> {
  const hash = createHash(options.algorithm ?? 'sha256');
  const meter = new ProgressMeter(disk.sizeBytes, options);
  const buffers = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)];
  let pending: (() => void) | undefined;
  let turn = 0;
  for await (const { chunk, chunkLength, start, end } of spansOf(disk)) {
    const isData = end > start;
    const bytes = isData ? buffers[turn % 2]?.subarray(0, chunkLength) : undefined;
    const reading = bytes === undefined ? Promise.resolve() : disk.read(bytes, chunk);
    pending?.();
    await reading;
    turn += 1;
    pending = (): void => {
      if (bytes !== undefined) hash.update(bytes);
      else {
        for (let done = 0; done < chunkLength; done += chunkBytes) {
          hash.update(zeroBytes(Math.min(chunkBytes, chunkLength - done)));
        }
      }
    };
    meter.add(chunkLength);
  }
  pending?.();
  meter.end();
  return hash.digest('hex');
}
