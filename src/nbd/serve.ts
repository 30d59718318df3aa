/** One client of an NBD server, from its greeting to its end, over any stream. */
import type { Duplex } from 'node:stream';
import { Fault } from '#lib';
import type { Exports } from './export.ts';
import { shakeHands } from './handshake.ts';
import { handshakeMs } from './limits.ts';
import { StreamReader } from './stream-reader.ts';
import { transmit } from './transmission.ts';

export interface ServeOptions {
  readonly exports: Exports;
  /** What went wrong with a request, which its client is told by a number alone. */
  readonly onFault: (fault: Fault) => void;
}

/**
 * Resolves when the client has gone in order and all of its requests are done; the stream is closed then. Faults: `invalid`,
 * `too-large`, `not-found`: it broke the protocol; `timeout`: it did not choose an export; `unavailable`: it was cut off.
 */
export async function serveClient(stream: Duplex, options: ServeOptions): Promise<void> {
  const reader = new StreamReader(stream);
  const slow = new Fault('timeout', `the nbd client did not choose within ${handshakeMs} ms`);
  const timer = setTimeout(() => stream.destroy(slow), handshakeMs);
  try {
    const agreed = await shakeHands(stream, reader, options.exports);
    clearTimeout(timer);
    if (agreed !== undefined) await transmit(stream, reader, agreed, options.onFault);
    stream.end();
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
