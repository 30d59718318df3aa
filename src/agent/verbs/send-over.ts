/** Content that goes over a stream of its own, which is closed as whole when all has been sent, and just ends where it has not. */
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream } from 'ws';
import type { Streams } from '../stream/streams.ts';

/** Code of closing (RFC 6455, section 7.4.1) when all has been said. */
export const whole = 1000;

export async function sendOver(
  streams: Streams,
  streamId: string,
  {
    content,
    onOpen,
  }: { readonly content: () => AsyncIterable<Buffer>; readonly onOpen: () => void },
  signal: AbortSignal,
): Promise<void> {
  const socket = await streams.dial(streamId, signal);
  onOpen();
  const stream = createWebSocketStream(socket, { allowHalfOpen: false });
  // Nothing is read from it but its end, which it would else not hear of for half a minute.
  socket.resume();
  try {
    await pipeline(content(), stream, { end: false });
    socket.close(whole);
  } catch (error) {
    socket.terminate();
    throw error;
  }
}
