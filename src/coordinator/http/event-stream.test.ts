import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { silentLog } from '#log';
import { sendEventStream, writeStreamMessage } from './event-stream.ts';
import type { StreamMessage } from './route-handler.ts';

const limits = { heartbeatMs: 50, stallMs: 200, unsentBytes: 64 * 1024 };
let messages: (signal: AbortSignal) => AsyncIterable<StreamMessage>;
const ended: AbortSignal[] = [];
const server = createServer((_request, response: ServerResponse) => {
  const controller = new AbortController();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  ended.push(controller.signal);
  void sendEventStream(response, messages(controller.signal), controller, silentLog, limits);
});
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function listen(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const request = get({ port, host: '127.0.0.1', agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

async function* many(count: number, bytes: number): AsyncGenerator<StreamMessage> {
  const data = 'x'.repeat(bytes);
  for (let index = 0; index < count; index += 1) yield { id: String(index), data };
}

test('a message has its name, its id and one line of data', () => {
  assert.equal(
    writeStreamMessage({ event: 'changed', id: '7', data: { text: 'a\nb' } }),
    'event: changed\nid: 7\ndata: {"text":"a\\nb"}\n\n',
  );
});

test('a listener that reads gets everything, however much comes at once', async () => {
  messages = () => many(200, 60_000);
  const response = await listen();
  let text = '';
  for await (const chunk of response) text += String(chunk);
  assert.equal(text.match(/^id: /gm)?.length, 200);
});

test('a listener that reads nothing is disconnected after the time', async () => {
  messages = () => many(2000, 60_000);
  const response = await listen();
  response.pause();
  const signal = ended.at(-1);
  assert.ok(signal !== undefined);
  const startedAt = performance.now();
  if (!signal.aborted) await once(signal, 'abort');
  assert.ok(performance.now() - startedAt >= limits.stallMs / 2);
  assert.ok(performance.now() - startedAt < 5000);
  let length = 0;
  response.resume();
  await assert.rejects(async () => {
    for await (const chunk of response) length += String(chunk).length;
  });
  assert.ok(length < 2000 * 60_000);
});

test('a silent stream is kept alive with comments, and its source ends when the listener goes', async () => {
  const gone = Promise.withResolvers<void>();
  messages = async function* (signal): AsyncGenerator<StreamMessage> {
    yield { data: 1 };
    await once(signal, 'abort');
    gone.resolve();
  };
  const response = await listen();
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if ((text.match(/^: alive$/gm)?.length ?? 0) >= 2) break;
  }
  await gone.promise;
});
