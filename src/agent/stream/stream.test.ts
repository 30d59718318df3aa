import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { Scrollback } from './scrollback.ts';
import { SerialHub } from './serial-hub.ts';

test('scrollback keeps the last bytes, whatever the pieces', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 32 }), (chunks, sizeBytes) => {
      const scrollback = new Scrollback(sizeBytes);
      for (const chunk of chunks) scrollback.push(Buffer.from(chunk));
      const all = Buffer.concat(chunks);
      assert.deepEqual(scrollback.read(), all.subarray(Math.max(0, all.length - sizeBytes)));
    }),
  );
});

/** A port of QEMU's kind: a server on a Unix socket with one client. */
async function withPort(work: (hub: SerialHub, guest: Socket) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gq-'));
  const path = join(folder, 's');
  const server = createServer();
  try {
    server.listen(path);
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = connect({ path });
    await once(socket, 'connect');
    const [guest] = await accepted;
    const hub = new SerialHub(socket);
    await work(hub, guest);
    hub.close();
    guest.destroy();
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function read(stream: Duplex, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) {
    const chunk = stream.read() as Buffer | null;
    if (chunk) text += chunk.toString('latin1');
    else await once(stream, 'readable');
  }
  return text;
}

function open(hub: SerialHub, access: 'watch' | 'use'): Duplex {
  const stream = hub.watch(access);
  assert.ok(stream);
  return stream;
}

test('a later watcher first sees what was there before, then what everybody sees', () =>
  withPort(async (hub, guest) => {
    const first = open(hub, 'watch');
    guest.write('before ');
    assert.equal(await read(first, 7), 'before ');
    const second = open(hub, 'watch');
    guest.write('after');
    assert.equal(await read(first, 5), 'after');
    assert.equal(await read(second, 12), 'before after');
  }));

test('who may only watch types nothing', () =>
  withPort(async (hub, guest) => {
    open(hub, 'watch').write('no');
    open(hub, 'use').write('yes');
    const [chunk] = (await once(guest, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'yes');
  }));

test('a watcher that does not read is cut off; the guest and others go on', () =>
  withPort(async (hub, guest) => {
    const lazy = open(hub, 'watch');
    const error = once(lazy, 'error');
    const diligent = open(hub, 'watch');
    let seen = 0;
    diligent.on('data', (chunk: Buffer) => {
      seen += chunk.length;
    });
    const flood = Buffer.alloc(64 * 1024);
    for (let n = 0; n < 40; n += 1) {
      if (!guest.write(flood)) await once(guest, 'drain');
    }
    await error;
    while (seen < 40 * flood.length) await once(diligent, 'data');
  }));

test('the end of the port ends every watcher, and nobody can watch it then', () =>
  withPort(async (hub, guest) => {
    const watcher = open(hub, 'use');
    watcher.resume();
    guest.destroy();
    await once(watcher, 'end');
    assert.equal(hub.watch('watch'), undefined);
  }));
