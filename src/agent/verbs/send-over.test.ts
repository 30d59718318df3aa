import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { silentLog } from '#log';
import { withDeadline } from '#lib';
import { Streams } from '../stream/streams.ts';
import { sendOver, whole } from './send-over.ts';

/** Shorter than the time for which a farewell is waited for that nobody hears. */
const closeMs = 10_000;

void test('both sides have closed a stream when all has been sent over it', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  const came: Buffer[] = [];
  const closed = Promise.withResolvers<number>();
  server.on('connection', (socket) => {
    socket.on('message', (bytes: Buffer) => came.push(bytes));
    socket.on('close', (code) => closed.resolve(code));
  });
  const { port } = server.address() as AddressInfo;
  const streams = new Streams(() => new WebSocket(`ws://127.0.0.1:${port}`), silentLog);
  const { signal } = new AbortController();
  const content = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('abc');
  };
  await sendOver(streams, 'one', { content, onOpen: () => undefined }, signal);
  const code = await withDeadline('its end', closeMs, signal, () => closed.promise);
  assert.equal(code, whole);
  assert.equal(Buffer.concat(came).toString(), 'abc');
});
