import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskLimitsSchema, limitsSaid } from './disk-limits.ts';

test('what QEMU would refuse of the limits of a disk is refused by the name of what is wrong', () => {
  const rate = { perSecond: 100 };
  const refused = (limits: unknown): string[] =>
    (diskLimitsSchema.safeParse(limits).error?.issues ?? []).map(({ path }) => path.join('/'));
  for (const [limits, at] of [
    [{ bytes: rate, readBytes: rate }, ['readBytes']],
    [{ operations: rate, reads: rate, writes: rate }, ['reads', 'writes']],
    [{ bytes: rate, operations: rate }, []],
    [{ readBytes: rate, writtenBytes: rate, operations: rate, operationSizeBytes: 4096 }, []],
    [{ bytes: null, readBytes: rate, operationSizeBytes: null }, []],
    [{ bytes: rate, operationSizeBytes: 4096 }, ['operationSizeBytes']],
    [{ bytes: { perSecond: 0 } }, ['bytes/perSecond']],
    [{ bytes: { perSecond: 1e15 + 1 } }, ['bytes/perSecond']],
    [{ bytes: { ...rate, burstPerSecond: 99 } }, ['bytes/burstPerSecond']],
    [{ bytes: { ...rate, burstPerSecond: 100, burstSeconds: 86_400 } }, []],
    [{ bytes: { ...rate, burstSeconds: 2 } }, ['bytes/burstSeconds']],
    [{ bytes: { ...rate, burstPerSecond: 1e14, burstSeconds: 11 } }, ['bytes/burstSeconds']],
  ] as const)
    assert.deepEqual(refused(limits), at, JSON.stringify(limits));
});

test('limits of which nothing is said are none', () => {
  for (const limits of [undefined, null, {}, { bytes: null, reads: undefined }])
    assert.equal(limitsSaid(limits), undefined);
  assert.deepEqual(limitsSaid({ bytes: { perSecond: 5, burstPerSecond: null }, reads: null }), {
    bytes: { perSecond: 5 },
  });
});
