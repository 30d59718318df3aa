import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingOf, timeMsOf } from './guest-verbs.ts';

test('a time of a guest is whole seconds and what is beyond them, also before 1970', () => {
  for (const [text, seconds, nseconds] of [
    ['2026-11-23T10:00:00.250Z', 1_795_428_000n, 250_000_000],
    ['1969-12-31T23:59:59.500Z', -1n, 500_000_000],
  ] as const) {
    assert.deepEqual(settingOf(text), { seconds, nseconds, flags: 0 });
    assert.equal(new Date(timeMsOf({ seconds, nseconds })).toISOString(), text);
  }
  assert.deepEqual(settingOf('hardware'), { seconds: 0n, nseconds: 0, flags: 1 });
});
