import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from './backoff.ts';
import { socketUrl } from './link.ts';

test('attempts are further and further apart, up to a bound, and never at the same moment', () => {
  const options = { firstMs: 100, maxMs: 1_000 };
  const most = [0, 1, 2, 3, 4, 50, 5_000].map((n) => backoffMs(n, { ...options, random: () => 1 }));
  assert.deepEqual(most, [100, 200, 400, 800, 1_000, 1_000, 1_000]);
  assert.equal(backoffMs(0, { ...options, random: () => 0 }), 10);
});

test('the link and streams are dialled at the coordinator’s one port', () => {
  const url = socketUrl(new URL('https://h:7443/'), '/api/v1/agent');
  assert.equal(url.href, 'wss://h:7443/api/v1/agent');
});
