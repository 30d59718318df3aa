import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskLimitsSchema } from '#api';
import { isFault } from '#lib';
import { limitsOf, limitWords } from './disk-limits.ts';

test('limits are given with bursts, what is not given stays, and none takes one away', () => {
  const before = { bytes: { perSecond: 5 }, reads: { perSecond: 7 } };
  const limits = limitsOf(
    {
      rate: 'none',
      'read-rate': '1M:4M:10',
      operations: '500',
      reads: 'none',
      'operation-size': '4K',
    },
    { ...before, writtenBytes: { perSecond: 9 } },
  );
  assert.deepEqual(diskLimitsSchema.parse(limits), {
    bytes: null,
    readBytes: { perSecond: 2 ** 20, burstPerSecond: 2 ** 22, burstSeconds: 10 },
    writtenBytes: { perSecond: 9 },
    operations: { perSecond: 500 },
    reads: null,
    operationSizeBytes: 4096,
  });
  assert.equal(limitsOf({}, before), undefined);
});

test('what is no limit is refused', () => {
  for (const options of [
    { rate: '1M:2M:3:4' },
    { rate: '1M:2M:long' },
    { rate: 'fast' },
    { reads: '1M' },
    { rate: '' },
  ])
    assert.throws(
      () => limitsOf(options, {}),
      (error) => isFault(error, 'invalid'),
      JSON.stringify(options),
    );
});

test('limits are told in words', () => {
  assert.deepEqual(limitWords(null), []);
  assert.deepEqual(
    limitWords({
      readBytes: { perSecond: 2 ** 20, burstPerSecond: 2 ** 22, burstSeconds: 10 },
      bytes: null,
      operations: { perSecond: 500, burstPerSecond: 600 },
      operationSizeBytes: 4096,
    }),
    [
      'at most 1 MiB/s read (bursts of 4 MiB/s for 10 s)',
      'at most 500 operations/s of 4 KiB (bursts of 600/s for 1 s)',
    ],
  );
});
