import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidOf } from './uuid.ts';

void test('a UUID of bytes has its version and variant, and all else of the bytes', () => {
  const bytes = Buffer.alloc(16, 0xff);
  assert.equal(uuidOf(bytes, 4), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  assert.equal(uuidOf(bytes, 8), 'ffffffff-ffff-8fff-bfff-ffffffffffff');
  assert.ok(bytes.every((byte) => byte === 0xff));
});
