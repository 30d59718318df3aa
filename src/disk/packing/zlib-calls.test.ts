import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, deflateSync, inflateRawSync, inflateSync } from 'node:zlib';
import { seededRandom } from '../testing/random.ts';
import { loadZlib } from './zlib-calls.ts';

const zlib = loadZlib();
const skip = zlib === undefined ? 'this Node.js cannot call its zlib' : false;
const piece = Buffer.alloc(64 * 1024, 'a piece of a disk; ');
const raw = { level: 4, windowBits: -12, memLevel: 9 };
const framed = { level: 4, windowBits: 15, memLevel: 8 };

test(
  'what zlib makes by itself and what node:zlib makes of it are the same to both',
  { skip },
  () => {
    assert.ok(zlib);
    const room = Buffer.alloc(piece.length);
    for (const [choices, inflate, deflate] of [
      [raw, inflateRawSync, deflateRawSync],
      [framed, inflateSync, deflateSync],
    ] as const) {
      const stored: Buffer = Buffer.from(room.subarray(0, zlib.pack(piece, room, choices)));
      assert.ok(stored.length < 1000);
      assert.deepEqual(inflate(stored, { windowBits: Math.abs(choices.windowBits) }), piece);
      room.fill(0);
      const { windowBits } = choices;
      assert.equal(zlib.unpack(deflate(piece), room, windowBits < 0 ? -15 : 15), piece.length);
      assert.deepEqual(room, piece);
    }
  },
);

test(
  'zlib writes nothing past its room, and refuses what is damaged, cut off or no stream',
  { skip },
  () => {
    assert.ok(zlib);
    const memory = Buffer.alloc(1100, 0x5a);
    const room = memory.subarray(0, 1000);
    const stored = deflateSync(piece);
    for (const bytes of [stored, stored.subarray(0, 20), piece, Buffer.alloc(0)])
      assert.throws(() => zlib.unpack(bytes, room, 15), /zlib refuses/);
    assert.throws(() => zlib.pack(seededRandom(1).bytes(2000), room, framed), /zlib refuses/);
    assert.ok(memory.subarray(1000).every((byte) => byte === 0x5a));
    const damaged = Buffer.from(stored);
    damaged.fill(0xff, stored.length - 4);
    assert.throws(() => zlib.unpack(damaged, Buffer.alloc(piece.length), 15), /zlib refuses/);
  },
);
