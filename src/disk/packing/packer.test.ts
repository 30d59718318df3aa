import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { seededRandom } from '../testing/random.ts';
import { packings, type Packing } from './codec.ts';
import { packedRoom, packInto, unpackInto } from './packer.ts';
import { sharedBuffer } from './shared-memory.ts';

const pieceBytes = 64 * 1024;

/** Half noise, half text, different for each number. */
function makePiece(number: number): Buffer {
  const noise = seededRandom(number + 1).bytes(pieceBytes / 2);
  return Buffer.concat([noise, Buffer.alloc(pieceBytes / 2, `piece ${number}; `)]);
}

async function pack(packing: Packing, piece: Uint8Array): Promise<Buffer> {
  const room = Buffer.alloc(packedRoom(piece.length));
  return room.subarray(0, await packInto(packing, piece, room));
}

async function unpack(packing: Packing, stored: Uint8Array, bytes = pieceBytes): Promise<Buffer> {
  const room = Buffer.alloc(bytes);
  return room.subarray(0, await unpackInto(packing, stored, room));
}

const readers: Readonly<Record<Packing, (stored: Buffer) => Buffer>> = {
  deflate: (stored) => inflateRawSync(stored, { windowBits: 12 }),
  zlib: (stored) => inflateSync(stored),
  zstd: (stored) => zstdDecompressSync(stored),
};

for (const packing of packings) {
  test(`pieces that are packed with ${packing} side by side come back each as it was, whoever reads them`, async () => {
    const pieces = Array.from({ length: 40 }, (_, number) => makePiece(number));
    const stored = await Promise.all(pieces.map((piece) => pack(packing, piece)));
    for (const [index, one] of stored.entries()) {
      assert.ok(one.length < 0.6 * pieceBytes, `${one.length} bytes`);
      assert.deepEqual(readers[packing](one), pieces[index]);
    }
    const back = await Promise.all(stored.map((one) => unpack(packing, one)));
    assert.deepEqual(back, pieces);
    const [first = Buffer.alloc(0)] = stored;
    assert.deepEqual(await unpack(packing, first), pieces[0], 'one alone');
  });

  test(`a damaged piece of ${packing}, and one with more in it than there is room for, fails alone`, async () => {
    const good = await pack(packing, makePiece(1));
    const bad = Buffer.from(good);
    bad.fill(0xff, 0, 64);
    const ends = await Promise.allSettled([
      unpack(packing, good),
      unpack(packing, bad),
      unpack(packing, good, pieceBytes / 2),
      unpack(packing, good),
    ]);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
  });
}

test('pieces that lie in shared memory, and rooms that do, are packed and unpacked beside such as do not', async () => {
  const shared = (bytes: Uint8Array): Buffer => {
    const copy = sharedBuffer(bytes.length);
    copy.set(bytes);
    return copy;
  };
  for (const packing of packings) {
    const pieces = Array.from({ length: 40 }, (_, number) => makePiece(number));
    // each way of lying: piece and room, piece alone, room alone, neither
    const rooms = pieces.map((_, index) =>
      index % 2 === 0 ? sharedBuffer(packedRoom(pieceBytes)) : Buffer.alloc(packedRoom(pieceBytes)),
    );
    const lengths = await Promise.all(
      pieces.map((piece, index) =>
        packInto(packing, index % 4 < 2 ? shared(piece) : piece, rooms[index] ?? Buffer.alloc(0)),
      ),
    );
    const stored = rooms.map((room, index) => room.subarray(0, lengths[index]));
    for (const [index, one] of stored.entries())
      assert.ok(pieces[index]?.equals(readers[packing](Buffer.from(one))), `${packing} ${index}`);
    const back = pieces.map((_, index) =>
      index % 3 === 0 ? sharedBuffer(pieceBytes) : Buffer.alloc(pieceBytes),
    );
    await Promise.all(
      stored.map((one, index) => unpackInto(packing, one, back[index] ?? Buffer.alloc(0))),
    );
    for (const [index, piece] of pieces.entries())
      assert.ok(back[index]?.equals(piece), `${packing} ${index}`);
  }
});

test('a piece that does not become smaller has room, and one larger than an order is done', async () => {
  const noise = seededRandom(9).bytes(pieceBytes);
  assert.deepEqual(inflateSync(await pack('zlib', noise)), Buffer.from(noise));
  const large = Buffer.alloc(5 * 1024 * 1024, 'large ');
  const stored = await pack('zlib', large);
  assert.deepEqual(await unpack('zlib', stored, large.length), large);
});

test('what follows the end of a piece is ignored', async () => {
  const piece = makePiece(3);
  for (const packing of packings) {
    const stored = Buffer.concat([await pack(packing, piece), Buffer.alloc(300, 0x5a)]);
    assert.deepEqual(await unpack(packing, stored), piece, packing);
  }
  assert.deepEqual(await unpack('zlib', deflateSync(piece)), piece);
});
