import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busyPercent } from './host-load.ts';

const figures = (times: Readonly<Record<string, number>>): { field: string; value: bigint }[] =>
  Object.entries(times).map(([field, value]) => ({ field, value: BigInt(value) }));

test('processors are busy with what is neither idle nor waiting, since the look before', () => {
  const before = figures({ kernel: 100, user: 200, idle: 1000, iowait: 50 });
  const now = figures({ kernel: 110, user: 230, idle: 1050, iowait: 60 });
  assert.equal(busyPercent(now, before), 40);
  assert.equal(busyPercent(now, []), null, 'after the first look');
  assert.equal(busyPercent(now, now), null, 'of a clock that stands still');
  assert.equal(busyPercent(before, now), null, 'of a host that was started again');
  assert.equal(busyPercent(figures({ utilization: 7 }), []), 7, 'where the share itself is told');
});
