import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault, type Fault } from '#lib';
import { makeSocketPair, RawPeer } from '../testing/socket-pair.ts';
import { encodeRawFrame, frameTypes, programs, type Frame } from '../wire/frame.ts';
import { keepaliveFrame, ping, pong } from './keepalive.ts';
import { Link } from './link.ts';

function frameOf(serial: number, bytes: number): Buffer {
  return encodeRawFrame(
    { program: programs.remote, version: 1, procedure: 1, type: 0, serial, status: 0 },
    Buffer.alloc(bytes),
  );
}

interface Watched {
  readonly link: Link;
  readonly frames: Frame[];
  readonly ended: Promise<Fault | undefined>;
}

function watch(socket: ConstructorParameters<typeof Link>[0], stallMs?: number): Watched {
  const frames: Frame[] = [];
  const { promise, resolve } = Promise.withResolvers<Fault | undefined>();
  const link = new Link(socket, {
    peer: 'the peer',
    stallMs,
    onFrame: (frame) => frames.push(frame),
    onEnd: resolve,
  });
  return { link, frames, ended: promise };
}

void test('a ping is answered at once, also while the layers above rest', async () => {
  await using pair = await makeSocketPair();
  watch(pair.near);
  const peer = new RawPeer(pair.far);
  pair.far.write(keepaliveFrame(ping));
  const answer = await peer.next();
  assert.equal(answer?.program, programs.keepalive);
  assert.equal(answer.procedure, pong);
  assert.equal(answer.type, frameTypes.message);
});

void test('a peer that answers no ping is given up after the count', async () => {
  await using pair = await makeSocketPair();
  const { link, ended } = watch(pair.near);
  const peer = new RawPeer(pair.far);
  link.startKeepalive({ intervalMs: 20, count: 3 });
  const fault = await ended;
  assert.ok(isFault(fault, 'timeout'));
  assert.equal(peer.frames.filter((frame) => frame.procedure === ping).length, 3);
});

void test('a peer that answers pings lives', async () => {
  await using pair = await makeSocketPair();
  const { link } = watch(pair.near);
  const peer = new RawPeer(pair.far);
  link.startKeepalive({ intervalMs: 10, count: 2 });
  for (let round = 0; round < 8; round += 1) {
    assert.equal((await peer.next())?.procedure, ping);
    pair.far.write(keepaliveFrame(pong));
  }
  assert.equal(link.ended, false);
  link.end();
});

void test('a peer that stops reading is given up in time, and waiters hear it', async () => {
  await using pair = await makeSocketPair();
  const { link, ended } = watch(pair.near, 50);
  pair.far.pause();
  while (link.pendingBytes < 1_500_000) link.send(frameOf(0, 65_536));
  const waiting = assert.rejects(link.drained(), (error) => isFault(error, 'timeout'));
  assert.ok(isFault(await ended, 'timeout'));
  await waiting;
});

void test('a peer that stops reading can make only so many bytes wait', async () => {
  await using pair = await makeSocketPair();
  const { link, ended } = watch(pair.near);
  pair.far.pause();
  let sent = 0;
  while (!link.ended) {
    link.send(frameOf(0, 1024 * 1024));
    sent += 1;
  }
  assert.ok(isFault(await ended, 'exhausted'));
  assert.ok(sent < 80, `${sent} MiB were taken`);
});

void test('drained resolves when the peer reads again, and rejects when its signal aborts', async () => {
  await using pair = await makeSocketPair();
  const { link } = watch(pair.near);
  pair.far.pause();
  while (link.pendingBytes < 1_500_000) link.send(frameOf(0, 65_536));
  await assert.rejects(link.drained(AbortSignal.timeout(20)), (error) => error instanceof Error);
  const drained = link.drained();
  pair.far.resume();
  await drained;
  link.end();
});

void test('while it is held nothing more is read, and all comes in order after the release', async () => {
  await using pair = await makeSocketPair();
  const { link, frames } = watch(pair.near);
  link.hold();
  for (let serial = 0; serial < 200; serial += 1) pair.far.write(frameOf(serial, 20_000));
  await new Promise(setImmediate);
  assert.equal(frames.length, 0);
  assert.ok(pair.far.writableLength > 1_000_000, 'the peer is slowed down');
  link.release();
  while (frames.length < 200) await new Promise(setImmediate);
  assert.deepEqual(
    frames.map((frame) => frame.serial),
    Array.from({ length: 200 }, (_, serial) => serial),
  );
  link.end();
});

void test('a hostile length ends the link with a fault that names the peer', async () => {
  await using pair = await makeSocketPair();
  const { ended } = watch(pair.near);
  pair.far.write(Buffer.from('ffffffff', 'hex'));
  const fault = await ended;
  assert.ok(isFault(fault, 'too-large'));
  assert.match(fault.message, /the peer/);
});
