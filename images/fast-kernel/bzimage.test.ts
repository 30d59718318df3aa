import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { repackKernel } from './bzimage.ts';
import { flattenElf } from './flatten.ts';

test('a kernel that is not packed as expected is left as it is', async () => {
  assert.equal(await repackKernel(Buffer.alloc(100)), undefined);
  const kernel = Buffer.alloc(8192);
  kernel.writeUInt32LE(0x53726448, 0x202);
  assert.equal(await repackKernel(kernel), undefined, 'too old a protocol');
  kernel.writeUInt16LE(0x20f, 0x206);
  assert.equal(await repackKernel(kernel), undefined, 'no xz');
});

/** An ELF file with loadable segments: address, bytes in the file, bytes in memory. */
function makeKernel(
  entry: number,
  segments: readonly (readonly [number, Buffer, number])[],
): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header[4] = 2;
  header.writeBigUInt64LE(BigInt(entry), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(segments.length, 56);
  let offset = 64 + segments.length * 56;
  const table = segments.map(([address, data, memory]) => {
    const segment = Buffer.alloc(56);
    segment.writeUInt32LE(1, 0);
    segment.writeBigUInt64LE(BigInt(offset), 8);
    segment.writeBigUInt64LE(BigInt(address), 24);
    segment.writeBigUInt64LE(BigInt(data.length), 32);
    segment.writeBigUInt64LE(BigInt(memory), 40);
    offset += data.length;
    return segment;
  });
  return Buffer.concat([header, ...table, ...segments.map(([, data]) => data)]);
}

test('segments are laid out as they stand in memory', () => {
  const kernel = flattenElf(
    makeKernel(0x1000000, [
      [0x1000000, Buffer.from('text'), 4],
      [0x1000010, Buffer.from('data'), 0x100],
    ]),
  );
  assert.equal(kernel.address, 0x1000000);
  assert.equal(kernel.memoryBytes, 0x110);
  assert.equal(kernel.constantBytes, 4);
  assert.equal(kernel.image.toString('latin1'), `text${'\0'.repeat(12)}data`);
});

test('a kernel with an entry elsewhere, or cut off, is a fault', () => {
  const whole = makeKernel(0x1000000, [[0x1000000, Buffer.from('text'), 4]]);
  const isCorrupt = (error: unknown): boolean => isFault(error, 'corrupt');
  assert.throws(() => flattenElf(whole.subarray(0, -2)), isCorrupt);
  assert.throws(() => flattenElf(makeKernel(4, [[0x1000000, Buffer.from('x'), 1]])), isCorrupt);
  assert.throws(() => flattenElf(Buffer.alloc(200)), isCorrupt);
});
