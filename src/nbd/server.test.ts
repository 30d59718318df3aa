import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault, miB, type Fault } from '#lib';
import { maxPayloadBytes, maxRequestBytes } from './limits.ts';
import { NbdServer } from './server.ts';
import { MemoryExport, optionBytes, requestOf, TestClient, textBytes } from './testing.ts';
import {
  NBD_CMD_BLOCK_STATUS,
  NBD_CMD_DISC,
  NBD_CMD_FLAG_FUA,
  NBD_CMD_FLAG_NO_HOLE,
  NBD_CMD_FLAG_REQ_ONE,
  NBD_CMD_FLUSH,
  NBD_CMD_READ,
  NBD_CMD_TRIM,
  NBD_CMD_WRITE,
  NBD_CMD_WRITE_ZEROES,
  NBD_EINVAL,
  NBD_ENOSPC,
  NBD_EPERM,
  NBD_OPT_ABORT,
  NBD_OPT_EXPORT_NAME,
  NBD_OPT_GO,
  NBD_OPT_INFO,
  NBD_OPT_LIST,
  NBD_OPT_SET_META_CONTEXT,
  NBD_OPT_STRUCTURED_REPLY,
  NBD_REP_ACK,
  NBD_REP_ERR_INVALID,
  NBD_REP_ERR_UNKNOWN,
  NBD_REP_ERR_UNSUP,
  NBD_REP_INFO,
  NBD_REP_SERVER,
} from './wire.ts';

interface Served extends AsyncDisposable {
  readonly disk: MemoryExport;
  readonly port: number;
  readonly faults: Fault[];
  readonly idle: Promise<void>;
}

async function serve(sizeBytes = miB, name = 'web'): Promise<Served> {
  const disk = new MemoryExport(sizeBytes);
  const faults: Fault[] = [];
  const { promise: idle, resolve: onIdle } = Promise.withResolvers<void>();
  const server = await NbdServer.listen(
    { host: '127.0.0.1', port: 0 },
    { exports: new Map([[name, disk]]), onFault: (fault) => faults.push(fault), onIdle },
  );
  const port = server.port ?? 0;
  return { disk, port, faults, idle, [Symbol.asyncDispose]: () => server.close() };
}

void test('exports are listed, described and chosen by name, and an unknown one is refused', async () => {
  await using served = await serve();
  using client = await TestClient.dial(served.port);
  client.socket.write(Buffer.from([0, 0, 0, 3]));
  const [first] = await client.option(NBD_OPT_LIST);
  assert.deepEqual(first, { type: NBD_REP_SERVER, data: textBytes('web') });
  const none = Buffer.alloc(2);
  const unknown = await client.option(NBD_OPT_INFO, Buffer.concat([textBytes('db'), none]));
  assert.deepEqual(unknown.at(-1)?.type, NBD_REP_ERR_UNKNOWN);
  const told = await client.option(NBD_OPT_INFO, Buffer.concat([textBytes('web'), none]));
  assert.deepEqual(
    told.map(({ type }) => type),
    [NBD_REP_INFO, NBD_REP_INFO, NBD_REP_ACK],
  );
  assert.equal(told[0]?.data.readUInt32BE(2), 512);
  assert.equal(told[0]?.data.readUInt32BE(6), 65536);
  assert.equal(told[0]?.data.readUInt32BE(10), maxPayloadBytes);
  assert.equal(told[1]?.data.readBigUInt64BE(2), BigInt(miB));
  assert.equal((await client.option(5))[0]?.type, NBD_REP_ERR_UNSUP, 'no TLS');
  assert.equal(
    (await client.option(NBD_OPT_GO, Buffer.from([0, 0, 0, 9, 1])))[0]?.type,
    NBD_REP_ERR_INVALID,
  );
  assert.equal(
    (await client.option(NBD_OPT_SET_META_CONTEXT, textBytes('web')))[0]?.type,
    NBD_REP_ERR_INVALID,
  );
  assert.equal((await client.option(NBD_OPT_ABORT))[0]?.type, NBD_REP_ACK);
  await client.untilEnd();
});

void test('an old client that asks by NBD_OPT_EXPORT_NAME gets size, flags and its padding', async () => {
  await using served = await serve();
  using client = await TestClient.dial(served.port);
  client.socket.write(Buffer.concat([Buffer.from([0, 0, 0, 1]), optionBytes(NBD_OPT_EXPORT_NAME)]));
  const answer = await client.bytes(10 + 124);
  assert.equal(answer.readBigUInt64BE(0), BigInt(miB));
  assert.ok(answer.subarray(10).every((byte) => byte === 0));
  served.disk.bytes.fill(7, 512, 1024);
  const { data } = await client.ask({ type: NBD_CMD_READ, offset: 512, length: 512 });
  assert.ok(data.every((byte) => byte === 7));
});

void test('what is written is read again, zeros are written and trimmed, and FUA flushes before the answer', async () => {
  for (const wish of ['simple', 'structured'] as const) {
    await using served = await serve();
    using client = await TestClient.open(served.port, wish);
    const payload = Buffer.alloc(4096, 0xa5);
    const flags = NBD_CMD_FLAG_FUA;
    assert.equal(
      (await client.ask({ type: NBD_CMD_WRITE, offset: 8192, payload, flags, length: 4096 })).error,
      0,
    );
    assert.deepEqual(served.disk.done, ['write 8192', 'flush']);
    const read = { type: NBD_CMD_READ, offset: 8192, length: 4096 } as const;
    const { data } = await client.ask(read);
    assert.deepEqual(data.subarray(-4096), payload);
    await client.ask({ type: NBD_CMD_FLUSH });
    await client.ask({ type: NBD_CMD_TRIM, offset: 8192, length: 512 });
    await client.ask({ type: NBD_CMD_WRITE_ZEROES, offset: 8704, length: 512 });
    const kept = { type: NBD_CMD_WRITE_ZEROES, flags: NBD_CMD_FLAG_NO_HOLE, length: 512 } as const;
    await client.ask({ ...kept, offset: 9216 });
    assert.deepEqual(served.disk.done.slice(3), ['flush', 'zero 8192', 'zero 8704', 'write 9216']);
    const after = (await client.ask(read)).data.subarray(-4096);
    assert.ok(after.subarray(0, 1536).every((byte) => byte === 0));
    assert.ok(after.subarray(1536).every((byte) => byte === 0xa5));
  }
});

void test('a request that takes long does not hold up the next, and replies carry the cookie of their request', async () => {
  await using served = await serve();
  using client = await TestClient.open(served.port, 'structured');
  const { promise, resolve } = Promise.withResolvers<void>();
  served.disk.held = { offset: 0, until: promise };
  client.send({ type: NBD_CMD_READ, cookie: 1n, offset: 0, length: 512 });
  client.send({ type: NBD_CMD_READ, cookie: 2n, offset: 512, length: 512 });
  assert.equal((await client.answer()).cookie, 2n);
  resolve();
  assert.equal((await client.answer()).cookie, 1n);
});

void test('the allocation is told in runs, one alone where one is asked for, and not where it was not agreed on', async () => {
  await using served = await serve();
  served.disk.bytes.fill(1, 8192, 16384);
  using client = await TestClient.open(served.port, 'allocation');
  const ask = async (flags: number): Promise<number[]> => {
    const { data } = await client.ask({ type: NBD_CMD_BLOCK_STATUS, flags, length: miB });
    const extents = data.subarray(4);
    return [...extents.keys()].filter((at) => at % 4 === 0).map((at) => extents.readUInt32BE(at));
  };
  assert.deepEqual(await ask(0), [8192, 3, 8192, 0, miB - 16384, 3]);
  assert.deepEqual(await ask(NBD_CMD_FLAG_REQ_ONE), [8192, 3]);
  using other = await TestClient.open(served.port, 'structured');
  assert.equal((await other.ask({ type: NBD_CMD_BLOCK_STATUS, length: 512 })).error, NBD_EINVAL);
});

void test('requests beyond the end, between sectors, unknown or against a read-only export are refused, and the next is served', async () => {
  await using served = await serve();
  using client = await TestClient.open(served.port, 'simple');
  const payload = Buffer.alloc(512);
  const refused: [Parameters<TestClient['ask']>[0], number][] = [
    [{ type: NBD_CMD_READ, offset: miB, length: 512 }, NBD_EINVAL],
    [{ type: NBD_CMD_READ, offset: 2n ** 64n - 512n, length: 512 }, NBD_EINVAL],
    [{ type: NBD_CMD_READ, offset: 100, length: 512 }, NBD_EINVAL],
    [{ type: NBD_CMD_READ, offset: 0, length: 2 ** 32 - 512 }, NBD_EINVAL],
    [{ type: NBD_CMD_READ, offset: 0, length: 0 }, NBD_EINVAL],
    [{ type: NBD_CMD_WRITE, offset: miB, payload }, NBD_ENOSPC],
    [{ type: NBD_CMD_WRITE, offset: 1024, payload }, NBD_ENOSPC],
    [{ type: NBD_CMD_WRITE_ZEROES, offset: 0, length: 2 ** 32 - 512 }, NBD_ENOSPC],
    [{ type: 9, offset: 0, length: 512 }, NBD_EINVAL],
    [{ type: NBD_CMD_READ, flags: 1 << 9, offset: 0, length: 512 }, NBD_EINVAL],
  ];
  for (const [asked, error] of refused)
    assert.equal(
      (await client.ask(asked)).error,
      error,
      JSON.stringify(asked, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)),
    );
  served.disk.isWritable = false;
  assert.equal((await client.ask({ type: NBD_CMD_WRITE, offset: 0, payload })).error, NBD_EPERM);
  assert.equal((await client.ask({ type: NBD_CMD_READ, offset: 0, length: 512 })).error, 0);
  assert.deepEqual(
    served.faults.map(({ code }) => code),
    ['exhausted'],
    'only what failed at the disk itself is told in words',
  );
});

void test('a client that asks for ever and never reads holds no more than the bound, and others are served', async () => {
  await using served = await serve(8 * miB);
  using greedy = await TestClient.open(served.port, 'simple');
  greedy.socket.pause();
  const length = 8 * miB;
  const requests = Array.from({ length: 100 }, () => requestOf({ type: NBD_CMD_READ, length }));
  greedy.socket.write(Buffer.concat(requests));
  using other = await TestClient.open(served.port, 'simple');
  for (let turn = 0; turn < 20; turn += 1)
    assert.equal((await other.ask({ type: NBD_CMD_READ, offset: 512, length: 512 })).error, 0);
  const begun = served.disk.done.filter((line) => line === 'read 0').length;
  // Those whose replies the sockets' own buffers took do not count any more.
  assert.ok(begun * length <= maxRequestBytes + 2 * length, `${begun} reads have begun`);
});

void test('a client that breaks the protocol is cut off with its reason, and nobody else', async () => {
  const go = optionBytes(NBD_OPT_GO, Buffer.concat([textBytes(''), Buffer.alloc(2)]));
  const flags = Buffer.from([0, 0, 0, 3]);
  const huge = optionBytes(NBD_OPT_LIST);
  huge.writeUInt32BE(0xffff_ffff, 12);
  const opened = Buffer.concat([flags, go]);
  const breaches: [Buffer, Fault['code']][] = [
    [Buffer.from([0, 0, 0, 0x80]), 'invalid'],
    [Buffer.concat([flags, Buffer.alloc(16)]), 'invalid'],
    [Buffer.concat([flags, huge]), 'invalid'],
    [Buffer.concat([flags, optionBytes(NBD_OPT_EXPORT_NAME, Buffer.from('db'))]), 'not-found'],
    [Buffer.concat([flags, ...Array.from({ length: 65 }, () => optionBytes(99))]), 'invalid'],
    [Buffer.concat([opened, Buffer.alloc(28)]), 'invalid'],
    [Buffer.concat([opened, requestOf({ type: NBD_CMD_WRITE, length: 0xffff_fe00 })]), 'too-large'],
  ];
  await using served = await serve();
  using other = await TestClient.open(served.port, 'simple');
  for (const [bytes] of breaches) {
    using client = await TestClient.dial(served.port);
    client.socket.write(bytes);
    await client.untilEnd();
  }
  using cut = await TestClient.open(served.port, 'simple');
  cut.socket.end(requestOf({ type: NBD_CMD_WRITE, length: 4096 }));
  await cut.untilEnd();
  assert.equal((await other.ask({ type: NBD_CMD_READ, length: 512 })).error, 0);
  assert.deepEqual(
    served.faults.map(({ code }) => code),
    [...breaches.map(([, code]) => code), 'unavailable'],
  );
});

void test('random bytes, at once and after a handshake, end in a fault or an answer and never in a crash', async () => {
  await using served = await serve();
  const open = Buffer.concat([
    Buffer.from([0, 0, 0, 3]),
    optionBytes(NBD_OPT_STRUCTURED_REPLY),
    optionBytes(NBD_OPT_GO, Buffer.concat([textBytes(''), Buffer.alloc(2)])),
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(Buffer.alloc(0), open.subarray(0, 4), open),
      async (noise, before) => {
        using client = await TestClient.dial(served.port);
        client.socket.end(Buffer.concat([before, noise]));
        await client.untilEnd();
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(served.faults.every((fault) => isFault(fault)));
});

void test('the server says when the last client has gone, and a disconnect does what came before it', async () => {
  await using served = await serve();
  using client = await TestClient.open(served.port, 'simple');
  client.send({ type: NBD_CMD_WRITE, offset: 4096, payload: Buffer.alloc(512, 3) });
  client.send({ type: NBD_CMD_DISC });
  await served.idle;
  assert.equal(served.disk.bytes[4096], 3);
});

void test('a Unix socket is for its owner alone, and a place that is taken is a fault', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gn-'));
  try {
    const socketPath = join(folder, 'disk');
    const options = { exports: new Map(), onFault: () => undefined };
    await using server = await NbdServer.listen({ socketPath }, options);
    assert.equal((await stat(socketPath)).mode & 0o777, 0o600);
    assert.equal(server.port, undefined);
    await assert.rejects(NbdServer.listen({ socketPath }, options), (error) =>
      isFault(error, 'unavailable'),
    );
    connect(socketPath).destroy();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
