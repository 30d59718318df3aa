/** What goes over the stream of an agent as bytes: no faster than the other side takes it. */
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, type WebSocket } from 'ws';
import { Fault } from '#lib';

const whole = 1000;

/** What the agent sends. Errors: `unavailable` where it has ended before all was sent. */
export async function* bytesOf(socket: WebSocket): AsyncGenerator<Buffer> {
  const { promise: closed, resolve } = Promise.withResolvers<number>();
  socket.once('close', resolve);
  for await (const bytes of streamOf(socket)) yield bytes as Buffer;
  if ((await closed) !== whole)
    throw new Fault('unavailable', 'the host has ended before the whole file was sent');
}

/** Its end is told by the length that was said before, so that the agent can close it when it is done. */
export async function sendBytes(socket: WebSocket, content: Readable): Promise<void> {
  await pipeline(content, streamOf(socket), { end: false });
}

/** What is ended while bytes are on their way fails once more, when nobody reads or writes any longer. */
function streamOf(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket, { allowHalfOpen: false });
  stream.on('error', () => undefined);
  socket.on('error', () => undefined);
  return stream;
}
