import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkSign } from '../../guest-health.ts';
import { Reachability } from './reachability.ts';

const { signal } = new AbortController();

/** What a way sees, look by look; after them the last again. */
function seeing(...signs: readonly NetworkSign[]) {
  const looks: string[] = [];
  const reachability = new Reachability([
    async (look) => {
      looks.push(look);
      return signs[Math.min(looks.length, signs.length) - 1] ?? 'unknown';
    },
  ]);
  return { reachability, looks };
}

test('one answer is enough, and the next look is a minute later', async () => {
  const { reachability, looks } = seeing('answers');
  for (let ms = 0; ms <= 60_000; ms += 1_000) await reachability.look(ms, signal);
  assert.equal(reachability.sign, 'answers');
  assert.deepEqual(looks, ['first', 'again']);
});

test('silence is believed the second time', async () => {
  const { reachability, looks } = seeing('unknown', 'silent', 'silent', 'answers');
  const signs: string[] = [];
  for (const ms of [0, 1_000, 3_000, 6_000, 30_000, 66_000]) {
    await reachability.look(ms, signal);
    signs.push(reachability.sign);
  }
  assert.deepEqual(signs, ['unknown', 'unknown', 'unknown', 'silent', 'silent', 'answers']);
  assert.equal(looks.length, 4);
});

test('a guest that went silent answered before, until it begins anew', async () => {
  const { reachability } = seeing('answers', 'silent');
  for (const ms of [0, 60_000, 63_000]) await reachability.look(ms, signal);
  assert.deepEqual([reachability.sign, reachability.hasAnswered], ['silent', true]);
  reachability.rest();
  assert.deepEqual([reachability.sign, reachability.hasAnswered], ['unknown', true]);
  reachability.forget();
  assert.equal(reachability.hasAnswered, false);
});

test('of several ways the one that answers counts; where none can tell, it is asked ever less', async () => {
  const both = new Reachability([async () => 'silent', async () => 'answers']);
  await both.look(0, signal);
  assert.equal(both.sign, 'answers');
  const { reachability, looks } = seeing('unknown');
  for (let ms = 0; ms < 120_000; ms += 1_000) await reachability.look(ms, signal);
  assert.equal(reachability.sign, 'unknown');
  assert.equal(looks.length, 4);
});

test('after the agent has answered a look counts nothing of before', async () => {
  const { reachability, looks } = seeing('answers');
  await reachability.look(0, signal);
  reachability.rest();
  await reachability.look(1, signal);
  assert.deepEqual(looks, ['first', 'first']);
});
