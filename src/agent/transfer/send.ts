/** Sends files over a stream, from where the other end wants them on; holes are left out. Memory is one buffer. */
import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import { abortReason, Fault } from '#lib';
import { openNodeFile } from '#disk';
import type { MovedFile } from '#api';
import {
  dataFrame,
  endFrame,
  maxDataBytes,
  readFrames,
  segmentBytes,
  segmentFrame,
  SegmentSum,
  troubleFrame,
  type Want,
} from './frames.ts';
import type { LeavingFile } from '../drivers/files.ts';
import { markOf } from './leaving-files.ts';

/** Resolves when the other end has closed the stream. Never fails: the other end is told why there is no more. */
export async function sendFiles(
  stream: Duplex,
  list: () => Promise<readonly LeavingFile[]>,
  signal: AbortSignal,
): Promise<void> {
  const closed = once(stream, 'close').catch(() => undefined);
  try {
    const frames = readFrames(stream.iterator({ destroyOnReturn: false }));
    const { value: first } = await frames.next();
    await frames.return(undefined);
    if (first?.kind !== 'want')
      throw new Fault('corrupt', 'the other end does not say what it wants');
    const files = await list();
    if (markOf(files) !== first.want.list)
      throw new Fault('stale', 'files of the vm have changed since it began to move');
    await sendFrom(stream, files, first.want, signal);
    await write(stream, endFrame());
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it failed';
    await write(stream, troubleFrame(why)).catch(() => undefined);
  }
  // What the other end does with it takes its time; it closes when it is done.
  stream.resume();
  await closed;
}

async function sendFrom(
  stream: Duplex,
  files: readonly LeavingFile[],
  want: Want,
  signal: AbortSignal,
): Promise<void> {
  for (const [number, file] of files.entries()) {
    if (number < want.file || file.kind === 'folder') continue;
    await sendFile(stream, number, file, number === want.file ? want.offset : 0, signal);
  }
}

async function sendFile(
  stream: Duplex,
  number: number,
  file: Extract<MovedFile, { kind: 'file' }> & { readonly source: string },
  from: number,
  signal: AbortSignal,
): Promise<void> {
  const source = await openNodeFile(file.source, 'read');
  const sum = new SegmentSum();
  const buffer = Buffer.allocUnsafe(maxDataBytes);
  try {
    let offset = from;
    while (offset < file.sizeBytes) {
      const end = Math.min(file.sizeBytes, offset + segmentBytes);
      while (offset < end) {
        if (signal.aborted) throw abortReason(signal);
        const run = source.runAt?.(offset, end - offset) ?? { kind: 'data', length: end - offset };
        if (run.kind === 'hole') {
          offset += run.length;
          continue;
        }
        const into = buffer.subarray(0, Math.min(run.length, maxDataBytes));
        const count = await source.read(into, offset);
        if (count === 0) throw new Fault('corrupt', `${file.source} ends before its end`);
        const bytes = into.subarray(0, count);
        sum.add(offset, bytes);
        await write(stream, dataFrame(number, offset, bytes));
        offset += count;
      }
      await write(stream, segmentFrame(number, end, sum.take()));
      offset = end;
    }
  } finally {
    await source.close();
  }
}

/** Resolves when the stream takes more. */
async function write(stream: Duplex, bytes: Buffer): Promise<void> {
  if (stream.destroyed) throw new Fault('unavailable', 'the stream has ended');
  if (stream.write(bytes)) return;
  const over = new AbortController();
  const ended = once(stream, 'close', { signal: over.signal }).then(() => {
    throw new Fault('unavailable', 'the stream has ended');
  });
  ended.catch(() => undefined);
  try {
    await Promise.race([once(stream, 'drain', { signal: over.signal }), ended]);
  } finally {
    over.abort();
  }
}
