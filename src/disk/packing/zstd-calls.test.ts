import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { seededRandom } from '../testing/random.ts';
import { loadZstd } from './zstd-calls.ts';

const zstd = loadZstd();
const skip = zstd === undefined ? 'this Node.js cannot call its zstd' : false;
const piece = Buffer.alloc(64 * 1024, 'a piece of a disk; ');

test(
  'what zstd makes by itself and what node:zlib makes of it are the same to both',
  { skip },
  () => {
    assert.ok(zstd);
    const room = Buffer.alloc(piece.length);
    const stored = Buffer.from(room.subarray(0, zstd.pack(piece, room, 2)));
    assert.ok(stored.length < 1000);
    assert.deepEqual(zstdDecompressSync(stored), piece);
    assert.equal(zstd.unpack(zstdCompressSync(piece), room), piece.length);
    assert.deepEqual(room, piece);
  },
);

test('zstd writes nothing past its room, and refuses what is damaged or no frame', { skip }, () => {
  assert.ok(zstd);
  const memory = Buffer.alloc(1100, 0x5a);
  const room = memory.subarray(0, 1000);
  const stored = zstdCompressSync(piece);
  for (const bytes of [stored, stored.subarray(0, 20), piece])
    assert.throws(() => zstd.unpack(bytes, room), /zstd refuses/);
  assert.throws(() =>
    zstd.pack(Buffer.from(crypto.getRandomValues(new Uint8Array(2000))), room, 2),
  );
  assert.ok(memory.subarray(1000).every((byte) => byte === 0x5a));
});

test(
  'pieces of any length come back as they were, one after the other, also behind one that failed',
  { skip },
  () => {
    assert.ok(zstd);
    const random = seededRandom(5);
    for (const bytes of [1, 512, 64 * 1024, 2 * 1024 * 1024, 300, 2 * 1024 * 1024]) {
      const half = random.bytes(Math.ceil(bytes / 2));
      const content = Buffer.concat([half, Buffer.alloc(Math.floor(bytes / 2), 'text ')]);
      const room = Buffer.alloc(bytes + 1024);
      assert.throws(
        () => zstd.pack(random.bytes(3000), room.subarray(0, 10), 2),
        /too little room/,
      );
      assert.throws(() => zstd.unpack(half.subarray(0, 1), room), /zstd refuses/);
      for (const level of [1, 2, 3]) {
        const stored: Buffer = Buffer.from(room.subarray(0, zstd.pack(content, room, level)));
        assert.ok(zstdDecompressSync(stored).equals(content), `${bytes} at ${level}`);
        const back = Buffer.alloc(bytes + 1);
        assert.equal(zstd.unpack(stored, back), bytes);
        assert.ok(back.subarray(0, bytes).equals(content));
      }
    }
  },
);
