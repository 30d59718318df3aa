import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { assemble } from '../testing/assemble.ts';
import { attachStub, stubCode } from './stub.ts';

test('the code is stub.S assembled', async (context) => {
  const code = await assemble(join(import.meta.dirname, 'stub.S'));
  if (code === undefined) {
    context.skip('no assembler (package binutils) on this machine');
    return;
  }
  assert.ok(stubCode().equals(code));
});

test('the facts lie behind each other and behind the kernel', () => {
  const kernel = Buffer.alloc(8192, 7);
  const packed = Buffer.alloc(1001, 1);
  const address = 16 * 1024 * 1024;
  const facts = { image: kernel, address, memoryBytes: 5_000_000, constantBytes: 4096 };
  const { image, endAddress } = attachStub(packed, facts);
  const word = (at: number): number => image.readUInt32LE(at);
  const [at, span, words, copySpan, end, tables] = [8, 12, 16, 20, 24, 28].map(word);
  assert.equal(at, address);
  assert.equal(span, 6 * 1024 * 1024);
  assert.equal((words ?? 0) * 4, image.length);
  assert.equal(end, stubCode().length + packed.length);
  assert.ok((tables ?? 0) >= image.length && (tables ?? 1) % 4096 === 0);
  assert.equal(copySpan, (tables ?? 0) + 7 * 4096);
  assert.equal(endAddress, address + 6 * 1024 * 1024 + (copySpan ?? 0));
  assert.deepEqual([word(32), word(36)], [0x07070707, 4092]);
});
