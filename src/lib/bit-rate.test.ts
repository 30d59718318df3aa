import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBitRate, parseBitRate } from './bit-rate.ts';
import { isFault } from './fault.ts';

test('a rate is read in the units of networks, and written as it is read', () => {
  for (const [text, rate] of [
    ['100M', 100_000_000],
    ['1.5 Gbit/s', 1_500_000_000],
    ['500kbit', 500_000],
    ['64000', 64_000],
  ] as const)
    assert.equal(parseBitRate(text), rate, text);
  assert.deepEqual([1_500_000, 100_000, 999].map(formatBitRate), [
    '1.5 Mbit/s',
    '100 kbit/s',
    '999 bit/s',
  ]);
  for (const text of ['', '10MB', 'fast', '-1M'])
    assert.throws(
      () => parseBitRate(text),
      (error) => isFault(error, 'invalid'),
    );
});
