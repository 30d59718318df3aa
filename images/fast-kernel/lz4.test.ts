import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compressLz4 } from './lz4.ts';

/** An LZ4 block unpacked as its format says, byte by byte; any breach of it is an error. */
function unpack(block: Buffer): Buffer {
  const output: number[] = [];
  let at = 0;
  const byte = (): number => {
    const value = block[at];
    assert.ok(value !== undefined, 'the block ends inside a sequence');
    at += 1;
    return value;
  };
  const length = (nibble: number): number => {
    let total = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; total += more) more = byte();
    return total;
  };
  while (at < block.length) {
    const token = byte();
    for (let count = length(token >> 4); count > 0; count -= 1) output.push(byte());
    if (at === block.length) {
      assert.equal(token & 15, 0);
      break;
    }
    const distance = byte() | (byte() << 8);
    assert.ok(distance > 0 && distance <= output.length, 'a match lies in what was unpacked');
    const start = output.length - distance;
    const count = length(token & 15) + 4;
    for (let index = 0; index < count; index += 1) output.push(output[start + index] ?? 0);
  }
  return Buffer.from(output);
}

test('what was packed unpacks to itself', async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .tuple(fc.nat(255), fc.integer({ min: 1, max: 2000 }))
      .map(([value, count]) => new Uint8Array(count).fill(value)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const input = Buffer.concat([...pieces, ...pieces.toReversed()]);
      assert.ok(unpack(await compressLz4(input)).equals(input));
    }),
  );
});

test('matches further back than 64 KiB are not used, and text gets smaller', async () => {
  const text = Buffer.from('the quick brown fox jumps over the lazy dog. '.repeat(40));
  const input = Buffer.concat([text, Buffer.alloc(70_000, 1), text]);
  const packed = await compressLz4(input);
  assert.ok(unpack(packed).equals(input));
  assert.ok(packed.length < text.length);
});
