import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iotuneOf, iotuneWords, limitsOfIotune, type IotuneLimits } from './iotune.ts';

test('limits become libvirt’s words and limits again', () => {
  const limits: IotuneLimits = {
    readBytes: { perSecond: 1, burstPerSecond: 2, burstSeconds: 3 },
    writtenBytes: { perSecond: 4 },
    operations: { perSecond: 5, burstPerSecond: 6 },
    operationSizeBytes: 7,
  };
  const words = iotuneOf({ ...limits, bytes: null });
  assert.deepEqual(Object.fromEntries(words), {
    read_bytes_sec: 1,
    write_bytes_sec: 4,
    total_iops_sec: 5,
    read_bytes_sec_max: 2,
    total_iops_sec_max: 6,
    size_iops_sec: 7,
    read_bytes_sec_max_length: 3,
  });
  assert.deepEqual(limitsOfIotune(words), limits);
  assert.deepEqual(limitsOfIotune(new Map(iotuneWords.map((word) => [word, 0]))), {});
  assert.equal(iotuneOf(undefined).size, 0);
});
