/** Uploads into a volume, against a server of libvirt's protocol that keeps one volume in memory and can be told to break. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { describeFault, isFault, systemClock } from '#lib';
import { connectLibvirt, LibvirtServer, libvirtFault, type Handlers } from '#libvirt';
import { VolumeUpload, type BegunUpload } from './volume-upload.ts';

const pool = { name: 'vms', uuid: '00000000-0000-4000-8000-000000000001' };
const path = '/vms/a.img';
const vol = { pool: 'vms', name: 'a.img', key: path };

let folder: string;
let server: LibvirtServer;
/** What is there; undefined: no volume. */
let content: Buffer | undefined;
let holes: bigint[];
/** A stream ends with an error when so much of it has come. */
let breaksAt: number;
let refreshed: number;

const handlers: Handlers = {
  CONNECT_LIST_ALL_STORAGE_POOLS: () => ({ pools: [pool], ret: 1 }),
  STORAGE_POOL_GET_XML_DESC: () => ({
    xml: "<pool type='dir'><target><path>/vms</path></target></pool>",
  }),
  STORAGE_POOL_GET_INFO: () => ({ state: 2, capacity: 1n, allocation: 0n, available: 1n }),
  STORAGE_POOL_REFRESH: () => {
    refreshed += 1;
    return {};
  },
  STORAGE_VOL_LOOKUP_BY_PATH: () => {
    if (content === undefined) throw libvirtFault('NO_STORAGE_VOL', 'no such volume');
    return { vol };
  },
  STORAGE_VOL_DELETE: () => {
    content = undefined;
    return {};
  },
  STORAGE_VOL_UPLOAD: ({ offset }) => ({
    ret: {},
    run: async (stream) => {
      let at = Number(offset);
      let came = 0;
      for await (const part of stream.parts()) {
        if (part.kind === 'hole') holes.push(part.lengthBytes);
        const bytes = part.kind === 'data' ? part.bytes : Buffer.alloc(Number(part.lengthBytes));
        const before = content ?? Buffer.alloc(0);
        const room = Buffer.alloc(Math.max(before.length, at + bytes.length));
        before.copy(room);
        bytes.copy(room, at);
        content = room;
        at += bytes.length;
        came += bytes.length;
        if (came >= breaksAt) throw libvirtFault('OPERATION_FAILED', 'no room');
      }
    },
  }),
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vu-'));
  server = new LibvirtServer({ open: () => ({ handlers }) });
  await server.listenUnix({ path: join(folder, 's'), access: 'write' });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  [content, holes, breaksAt, refreshed] = [Buffer.alloc(0), [], Infinity, 0];
});

function begin(more: Partial<BegunUpload> = {}): VolumeUpload {
  const begun: BegunUpload = {
    id: crypto.randomUUID(),
    owner: 'somebody',
    file: path,
    sizeBytes: null,
    replaces: false,
    packing: 'none',
    fingerprint: '',
    isEmpty: true,
    leastBytes: 0,
    ...more,
  };
  const connect = (signal: AbortSignal) =>
    connectLibvirt(`some+unix:///x?socket=${join(folder, 's')}`, { signal, keepalive: 'off' });
  return new VolumeUpload(begun, { clock: systemClock, connect });
}

const never = AbortSignal.any([]);

/** Ends before its end where `upTo` is less than its length. */
async function send(
  upload: VolumeUpload,
  bytes: Buffer,
  offset: number,
  upTo = bytes.length,
): Promise<void> {
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < upTo; at += 50_000) yield bytes.subarray(at, Math.min(at + 50_000, upTo));
  };
  await upload.take({ offset, sizeBytes: bytes.length, open: async () => pieces() }, never);
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

void test('parts go on over one stream, zeros as holes, and the end is said when all is written', async () => {
  const [one, two] = [randomBytes(300_000), Buffer.concat([Buffer.alloc(200_000), randomBytes(9)])];
  const upload = begin();
  await send(upload, one, 0);
  await send(upload, two, one.length);
  await assert.rejects(send(upload, one, 7), (error) => isFault(error, 'stale'));
  const all = Buffer.concat([one, two]);
  const expected = { sizeBytes: all.length, sha256: sha256(all) };
  assert.deepEqual(await upload.finish(expected.sha256, never), expected);
  assert.ok(content?.equals(all));
  assert.ok(holes.length > 0 && holes.reduce((sum, length) => sum + length, 0n) >= 150_000n);
  assert.equal(refreshed, 1);
  assert.equal(upload.describe().state, 'done');
  assert.deepEqual(await upload.finish(undefined, never), expected, 'asked again it says the same');
});

void test('into what is not empty zeros are written', async () => {
  content = Buffer.alloc(200_000, 7);
  const upload = begin({ isEmpty: false, replaces: true });
  await send(upload, Buffer.alloc(100_000), 0);
  await upload.finish(undefined, never);
  assert.deepEqual(holes, []);
  assert.ok(content.subarray(0, 100_000).every((byte) => byte === 0));
  assert.equal(content[100_000], 7, 'what is behind it stays');
});

void test('what is sent for the middle of a volume begins there, and what is around it stays', async () => {
  content = Buffer.alloc(200_000, 7);
  const bytes = randomBytes(80_000);
  const upload = begin({ isEmpty: false, replaces: true, startsAt: 50_000 });
  await send(upload, bytes.subarray(0, 30_000), 0);
  await send(upload, bytes.subarray(30_000), 30_000);
  const expected = { sizeBytes: bytes.length, sha256: sha256(bytes) };
  assert.deepEqual(await upload.finish(undefined, never), expected);
  const whole = Buffer.alloc(200_000, 7);
  bytes.copy(whole, 50_000);
  assert.ok(content.equals(whole));
});

void test('what came of a part that broke on this side is kept; what the hypervisor broke is sent anew', async () => {
  const bytes = randomBytes(400_000);
  const upload = begin({ sizeBytes: bytes.length });
  await assert.rejects(send(upload, bytes, 0, 100_000), (error) => isFault(error, 'unavailable'));
  assert.equal(upload.describe().receivedBytes, 100_000);
  await assert.rejects(upload.finish(undefined, never), /have come/);
  // It is not known how much of this has been written, and nothing was confirmed before.
  breaksAt = 200_000;
  const rest = bytes.subarray(100_000);
  await assert.rejects(
    (async () => {
      await send(upload, rest, 100_000);
      await upload.finish(undefined, never);
    })(),
    (error) => /no room/.test(describeFault(error)),
  );
  assert.equal(upload.describe().receivedBytes, 0);
  breaksAt = Infinity;
  await send(upload, bytes, 0);
  assert.equal((await upload.finish(sha256(bytes), never)).sha256, sha256(bytes));
  assert.ok(content?.equals(bytes));
});

void test('of what is not what was to come a new volume is deleted, one that was there stays', async () => {
  for (const replaces of [false, true]) {
    content = Buffer.alloc(0);
    const upload = begin({ replaces });
    await send(upload, randomBytes(10), 0);
    await assert.rejects(upload.finish('0'.repeat(64), never), /is not what was to come/);
    assert.equal(content === undefined, !replaces);
    await assert.rejects(send(upload, randomBytes(10), 10), (error) => isFault(error, 'not-found'));
  }
});

void test('one that is given up takes its volume along, unless that was there before', async () => {
  for (const replaces of [false, true]) {
    content = Buffer.alloc(0);
    const upload = begin({ replaces });
    await send(upload, randomBytes(10), 0);
    await upload.remove();
    assert.equal(content === undefined, !replaces);
  }
});
