import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { silentLog } from '#log';
import { Streams } from '../stream/streams.ts';
import { whole } from './send-over.ts';
import { takeOver } from './take-over.ts';

/** Content that whoever dials is sent, and the code with which they close. */
async function offer(content: Buffer) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const closed = Promise.withResolvers<number>();
  server.on('connection', (socket) => {
    socket.on('close', (code) => closed.resolve(code));
    socket.send(content);
  });
  const dialled: WebSocket[] = [];
  return {
    closed: closed.promise,
    dialled,
    streams: new Streams(() => {
      const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
      dialled.push(socket);
      return socket;
    }, silentLog),
    [Symbol.dispose]() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

const { signal } = new AbortController();

void test('what was taken whole is told to whoever sent it', async () => {
  using peer = await offer(Buffer.from('abc'));
  const taken = await takeOver(
    peer.streams,
    'one',
    async (open) => {
      for await (const bytes of await open()) return Buffer.from(bytes).toString();
      return '';
    },
    signal,
  );
  assert.equal(taken, 'abc');
  assert.equal(await peer.closed, whole);
});

void test('whoever refuses what comes reads no more of it, and says no farewell behind it', async () => {
  using peer = await offer(Buffer.alloc(8 * 1024 * 1024));
  const refused = takeOver(
    peer.streams,
    'one',
    async (open) => {
      await open();
      throw new Error('no room');
    },
    signal,
  );
  await assert.rejects(refused, /no room/);
  assert.notEqual(peer.dialled[0]?.readyState, WebSocket.OPEN);
  assert.notEqual(await peer.closed, whole);
});
