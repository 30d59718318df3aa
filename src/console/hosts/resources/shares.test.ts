import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareOf, sumShares } from './shares.ts';

const definition = {
  hardware: { processor: { count: 4 } },
  resources: { cpuReservePercent: 25, cpuMaximumPercent: 50, cpuWeight: 300 },
};

test('percentages of a vm are of its own processors', () => {
  assert.deepEqual(shareOf({ definition }), { reserved: 1, maximum: 2, weight: 300 });
});

test('shares add up, and none is nothing', () => {
  const share = shareOf({ definition });
  assert.deepEqual(sumShares([share, share]), { reserved: 2, maximum: 4, weight: 600 });
  assert.deepEqual(sumShares([]), { reserved: 0, maximum: 0, weight: 0 });
});
