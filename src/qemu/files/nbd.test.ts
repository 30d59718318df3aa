/** The server of a block device against other people's client (qemu-io), and against clients that break the protocol. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { isFault, miB } from '#lib';
import { runProgram } from '../run-program.ts';
import { TemporaryFolder } from '../testing/real-qemu.ts';
import { ForgetfulDevice, type BlockDevice } from './block-device.ts';
import { serveBlockDevice } from './nbd.ts';

function inMemory(sizeBytes: number): BlockDevice & { readonly content: Buffer } {
  const content = Buffer.alloc(sizeBytes);
  return {
    content,
    sizeBytes,
    read: (into, offset) =>
      Promise.resolve(into.set(content.subarray(offset, offset + into.length))),
    write: (from, offset) => Promise.resolve(content.set(from, offset)),
    flush: () => Promise.resolve(),
  };
}

const withoutQemuIo =
  spawnSync('qemu-io', ['--version']).status !== 0 && 'qemu-io is not installed';

test('qemu-io reads and writes what is served', { skip: withoutQemuIo }, async () => {
  await using folder = await TemporaryFolder.make();
  const device = inMemory(8 * miB);
  const served: Promise<void>[] = [];
  const server = createServer((socket: Socket) => {
    served.push(serveBlockDevice(socket, device).finally(() => socket.end()));
  });
  server.listen(folder.file('nbd'));
  await once(server, 'listening');
  const commands = ['write -P 7 1M 3M', 'flush', 'read -P 7 1M 3M', 'read -P 0 0 1M'];
  const args = commands.flatMap((command) => ['-c', command]);
  const url = `nbd+unix:///?socket=${folder.file('nbd')}`;
  const result = await runProgram('qemu-io', ['-f', 'raw', ...args, url], { timeoutMs: 30_000 });
  server.close();
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.ok(device.content.subarray(miB, 4 * miB).every((byte) => byte === 7));
  await Promise.all(served);
});

/** What the server makes of a client that sends these bytes and leaves. */
async function serve(...sent: readonly Buffer[]): Promise<void> {
  const [client, stream] = duplexPair();
  client.resume();
  client.end(Buffer.concat(sent));
  await serveBlockDevice(stream, inMemory(miB));
}

const go = Buffer.concat([Buffer.alloc(4), Buffer.from('IHAVEOPT\0\0\0\x07\0\0\0\0', 'latin1')]);

function request(type: number, offset: bigint, length: number): Buffer {
  const head = Buffer.alloc(28);
  head.writeUInt32BE(0x25609513, 0);
  head.writeUInt16BE(type, 6);
  head.writeBigUInt64BE(offset, 16);
  head.writeUInt32BE(length, 24);
  return head;
}

test('a client that breaks the protocol is turned away', async () => {
  await assert.rejects(serve(Buffer.alloc(64)), (error) => isFault(error, 'invalid'));
  await assert.rejects(serve(go, Buffer.alloc(28)), (error) => isFault(error, 'invalid'));
  await assert.rejects(serve(go, request(0, 0n, 2 ** 31)), (error) => isFault(error, 'too-large'));
  await assert.rejects(serve(go, request(1, 0n, 512)), (error) => isFault(error, 'unavailable'));
  // Outside of the device: an error for the client, and no end.
  await serve(
    go,
    request(0, 2n ** 63n, 512),
    request(0, 1n, 512),
    request(9, 0n, 0),
    request(2, 0n, 0),
  );
});

test('a device that forgets reads what was written to it, leaves what is below, and has a bound', async () => {
  const below = inMemory(100 * miB + 512);
  below.content.fill(1);
  const device = new ForgetfulDevice(below);
  await device.write(Buffer.alloc(130 * 1024, 2), 512);
  await device.write(Buffer.alloc(512, 3), 100 * miB);
  const read = Buffer.alloc(132 * 1024);
  await device.read(read, 0);
  const expected = Buffer.alloc(read.length, 1).fill(2, 512, 512 + 130 * 1024);
  assert.ok(read.equals(expected));
  await device.read(read.subarray(0, 512), 100 * miB);
  assert.equal(read[0], 3);
  assert.ok(below.content.every((byte) => byte === 1));
  await assert.rejects(device.write(Buffer.alloc(70 * miB), 0), (error) =>
    isFault(error, 'exhausted'),
  );
});
