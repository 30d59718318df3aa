/** So many bytes of a stream that nobody else reads. Errors: `unavailable` when it ends before; the signal's reason. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Fault } from '../fault.ts';

const ends = ['end', 'close'] as const;

export async function readExactly(
  stream: Duplex,
  lengthBytes: number,
  outer: AbortSignal,
): Promise<Buffer> {
  const ended = new AbortController();
  const onEnd = (): void => ended.abort(new Fault('unavailable', 'it ends without a word'));
  for (const end of ends) stream.once(end, onEnd);
  const signal = AbortSignal.any([outer, ended.signal]);
  try {
    for (;;) {
      const bytes = stream.read(lengthBytes) as Buffer | null;
      // At the end of a stream what is left is given, however short.
      if (bytes !== null && bytes.length < lengthBytes) onEnd();
      else if (bytes !== null) return bytes;
      if (stream.destroyed || stream.readableEnded) onEnd();
      await once(stream, 'readable', { signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
    }
  } finally {
    for (const end of ends) stream.off(end, onEnd);
  }
}
