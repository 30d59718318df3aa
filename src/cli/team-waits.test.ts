import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { parseWaits } from './team-waits.ts';

test('waits are seconds, additions with or without a limit, or nothing', () => {
  assert.deepEqual(
    [...parseWaits(['db=additions', 'a=b=30', 'web=additions:7', 'cache=nothing'])],
    [
      ['db', { for: 'additions', timeoutSeconds: 120 }],
      ['a=b', { for: 'time', seconds: 30 }],
      ['web', { for: 'additions', timeoutSeconds: 7 }],
      ['cache', { for: 'nothing' }],
    ],
  );
});

for (const word of ['db', '=30', 'db=', 'db=soon', 'db=-1', 'db=additions:', 'db=3.5'])
  test(`"${word}" is no wait, and that is said`, () => {
    assert.throws(
      () => parseWaits([word]),
      (error) => isFault(error, 'invalid') && error.message.includes(`"${word}"`),
    );
  });
