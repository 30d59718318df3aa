import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { dataFrame } from '../link/stream-frame.ts';
import { messageRouteOf } from '../procedures/table.ts';
import { makeSocketPair, RawPeer, replyFrame, type SocketPair } from '../testing/socket-pair.ts';
import { encodeFrame, encodeRawFrame, programs, type Frame } from '../wire/frame.ts';
import {
  libvirtFacts,
  remoteErrorCodec,
  remoteFromFault,
  libvirtFault,
} from '../wire/remote-error.ts';
import { Client } from './client.ts';

const dom = { name: 'a', uuid: '00000000-0000-4000-8000-000000000001', id: 3 };

async function start(): Promise<{ pair: SocketPair; client: Client; server: RawPeer }> {
  const pair = await makeSocketPair();
  return {
    pair,
    client: new Client(pair.near, { peer: 'test peer' }),
    server: new RawPeer(pair.far),
  };
}

async function take(server: RawPeer): Promise<Frame> {
  const frame = await server.next();
  assert.ok(frame);
  return frame;
}

void test('replies find their calls in any order', async () => {
  const { pair, client, server } = await start();
  await using _ = pair;
  const first = client.call('CONNECT_GET_TYPE', {});
  const second = client.call('CONNECT_GET_HOSTNAME', {});
  const firstFrame = await take(server);
  const secondFrame = await take(server);
  server.reply(secondFrame, 'CONNECT_GET_HOSTNAME', { hostname: 'h' });
  server.reply(firstFrame, 'CONNECT_GET_TYPE', { type: 'T' });
  assert.deepEqual(await first, { type: 'T' });
  assert.deepEqual(await second, { hostname: 'h' });
});

void test('an error keeps the number and the text of the server', async () => {
  const { pair, client, server } = await start();
  await using _ = pair;
  const call = client.call('DOMAIN_CREATE', { dom });
  const frame = await take(server);
  const body = remoteFromFault(libvirtFault('OPERATION_INVALID', 'it runs already'), 'X');
  server.socket.write(encodeFrame({ ...frame, type: 1, status: 1 }, remoteErrorCodec, body));
  await assert.rejects(call, (error) => {
    assert.ok(isFault(error, 'refused'));
    assert.equal(libvirtFacts(error)?.name, 'OPERATION_INVALID');
    assert.equal((error.cause as Error).message, 'it runs already');
    return true;
  });
});

void test('what a server sends on a stream before it has answered the call is not lost', async () => {
  const { pair, client, server } = await start();
  await using _ = pair;
  const opened = client.open('DOMAIN_SCREENSHOT', { dom, screen: 0, flags: 0 });
  const frame = await take(server);
  const { program, procedure, serial } = frame;
  const id = { program, procedure, serial };
  server.socket.write(dataFrame(id, Buffer.from('early')));
  server.reply(frame, 'DOMAIN_SCREENSHOT', { mime: null });
  server.socket.write(dataFrame(id, Buffer.alloc(0)));
  const { stream } = await opened;
  let text = '';
  for await (const part of stream.parts())
    text += part.kind === 'data' ? part.bytes.toString() : '';
  assert.equal(text, 'early');
});

void test('a call that is given up leaves the connection usable, and its late reply is dropped', async () => {
  const { pair, client, server } = await start();
  await using _ = pair;
  const controller = new AbortController();
  const given = client.call('CONNECT_GET_TYPE', {}, { signal: controller.signal });
  const late = await take(server);
  controller.abort();
  await assert.rejects(given, (error) => isFault(error, 'cancelled'));
  const next = client.call('CONNECT_GET_TYPE', {});
  const frame = await take(server);
  server.reply(late, 'CONNECT_GET_TYPE', { type: 'late' });
  server.reply(frame, 'CONNECT_GET_TYPE', { type: 'right' });
  assert.deepEqual(await next, { type: 'right' });
});

void test('a reply that nobody asked for ends the connection, and every waiting call hears it', async () => {
  for (const change of [{ serial: 77 }, { procedure: 4 }, { program: programs.qemu }]) {
    const { pair, client, server } = await start();
    await using _ = pair;
    const call = client.call('CONNECT_GET_TYPE', {});
    const frame = await take(server);
    server.reply({ ...frame, ...change }, 'CONNECT_GET_TYPE', { type: 'x' });
    await assert.rejects(call, (error) => isFault(error, 'invalid'));
    assert.equal((await client.closed)?.code, 'invalid');
  }
});

void test('replies cut short, with bytes left over, or of hostile lengths fail their call clearly', async () => {
  for (const payload of ['', '00000001', '7fffffff', 'ffffffff00', '0000000161000000ff000000']) {
    const { pair, client, server } = await start();
    await using _ = pair;
    const call = client.call('CONNECT_GET_TYPE', {});
    const frame = await take(server);
    server.socket.write(encodeRawFrame({ ...frame, type: 1 }, Buffer.from(payload, 'hex')));
    await assert.rejects(call, (error) => isFault(error, 'invalid') || isFault(error, 'too-large'));
  }
});

void test('the end of the connection in the middle of a frame fails what waits with unavailable', async () => {
  const { pair, client, server } = await start();
  await using _ = pair;
  const call = client.call('CONNECT_GET_TYPE', {});
  const frame = await take(server);
  server.socket.end(replyFrame(frame, 'CONNECT_GET_TYPE', { type: 'x' }).subarray(0, 30));
  await assert.rejects(call, (error) => isFault(error, 'unavailable'));
  await assert.rejects(client.call('CONNECT_GET_TYPE', {}), (error) =>
    isFault(error, 'unavailable'),
  );
});

const lifecycle = messageRouteOf('DOMAIN_EVENT_CALLBACK_LIFECYCLE');

function eventFrame(callbackID: number, event: number): Buffer {
  return encodeFrame(
    { program: programs.remote, version: 1, procedure: 318, type: 2, serial: 0, status: 0 },
    lifecycle.fields,
    { callbackID, msg: { dom, event, detail: 0 } },
  );
}

void test('an event right behind the reply to its registration is not missed', async () => {
  const { pair, client, server } = await start();
  await using _ = pair;
  const pending = client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
  const frame = await take(server);
  const consent = replyFrame(frame, 'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', {
    callbackID: 9,
  });
  server.socket.write(
    Buffer.concat([consent, eventFrame(9, 2), eventFrame(8, 7), eventFrame(9, 3)]),
  );
  const subscription = await pending;
  const events: number[] = [];
  for await (const { msg } of subscription) {
    events.push(msg.event);
    if (events.length === 2) break;
  }
  assert.deepEqual(events, [2, 3]);
});

void test('a listener that falls behind is ended, never skipped', async () => {
  const { pair, client, server } = await start();
  await using _ = pair;
  const pending = client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE', { limit: 3 });
  const frame = await take(server);
  server.reply(frame, 'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', { callbackID: 1 });
  const subscription = await pending;
  for (let event = 0; event < 5; event += 1) server.socket.write(eventFrame(1, event));
  const leave = await take(server);
  assert.equal(leave.procedure, 317);
  const events: number[] = [];
  await assert.rejects(
    async () => {
      for await (const { msg } of subscription) events.push(msg.event);
    },
    (error) => isFault(error, 'exhausted'),
  );
  assert.deepEqual(events, [0, 1, 2]);
});

void test('random frames from a server end in a fault, or are dropped, and never hang a call', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const { pair, client, server } = await start();
    await using _ = pair;
    const call = client.call('CONNECT_GET_TYPE', {});
    const { serial } = await take(server);
    const noise = Buffer.from(
      Array.from({ length: 64 }, (_, at) => (seed * 31 + at * seed * 7) & 0xff),
    );
    const header = {
      program: seed % 3 === 0 ? 1234 : programs.remote,
      version: 1,
      procedure: seed % 5 === 0 ? 318 : 3,
      type: seed % 7,
      serial: seed % 4 === 0 ? 99 : serial,
      status: seed % 3,
    };
    server.socket.write(encodeRawFrame(header, noise));
    server.socket.end();
    await assert.rejects(call, (error) => isFault(error));
  }
});
