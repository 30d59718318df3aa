import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachRun, isZero, isZeroRange } from './zeros.ts';

void test('a single byte anywhere makes bytes not zero, whatever lies around them', () => {
  for (const length of [1, 511, 4096, 3 * 1024 * 1024 + 7]) {
    const bytes = Buffer.alloc(length);
    assert.ok(isZero(bytes));
    for (const at of [0, Math.floor(length / 2), length - 1]) {
      bytes[at] = 1;
      assert.ok(!isZero(bytes));
      assert.ok(isZeroRange(bytes, 0, at));
      assert.ok(isZeroRange(bytes, at + 1, length));
      bytes[at] = 0;
    }
  }
});

void test('runs cover all bytes in order, and tell zeros from data by the unit', () => {
  const bytes = Buffer.alloc(10 * 4096 + 100);
  bytes[2 * 4096] = 1;
  bytes[4 * 4096 - 1] = 1;
  bytes[10 * 4096 + 99] = 1;
  const runs: unknown[] = [];
  eachRun(bytes, (start, length, kind) => runs.push([start, length, kind]));
  assert.deepEqual(runs, [
    [0, 8192, 'zero'],
    [8192, 8192, 'data'],
    [16384, 24576, 'zero'],
    [40960, 100, 'data'],
  ]);
});
