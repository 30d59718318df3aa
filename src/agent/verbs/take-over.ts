/** Content that comes over a stream of its own, the other way round than send-over.ts. */
import { createWebSocketStream, type WebSocket } from 'ws';
import type { Streams } from '../stream/streams.ts';
import { whole } from './send-over.ts';

/** `take` dials when it wants the content. Answers what it does, and closes the stream as whole then. Errors: its own. */
export async function takeOver<T>(
  streams: Pick<Streams, 'dial'>,
  streamId: string,
  take: (open: () => Promise<AsyncIterable<Uint8Array>>) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let socket: WebSocket | undefined;
  const open = async (): Promise<AsyncIterable<Uint8Array>> => {
    socket = await streams.dial(streamId, signal);
    const stream = createWebSocketStream(socket, { allowHalfOpen: false });
    // Whoever reads it hears of its end.
    stream.on('error', () => undefined);
    return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  };
  try {
    const taken = await take(open);
    socket?.close(whole);
    return taken;
  } catch (error) {
    // Its farewell would wait behind what nobody reads any more.
    socket?.terminate();
    throw error;
  }
}
