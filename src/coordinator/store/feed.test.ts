import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { Feed } from './feed.ts';
import type { Change } from './store.ts';

const change = (seq: number): Change => ({ seq, documents: [], deleted: [], events: [] });

/** A feed whose engine says from where it was read. */
function makeFeed(bounds: { readonly changes: number; readonly length: number }) {
  const reads: number[] = [];
  let pushed = 0;
  const feed = new Feed(0, bounds, async (after, limit) => {
    reads.push(after);
    return Array.from({ length: Math.min(limit, pushed - after) }, (_, n) => change(after + n + 1));
  });
  const push = (length: number): void => {
    pushed += 1;
    feed.push(change(pushed), length);
  };
  return { feed, reads, push };
}

async function watched(feed: Feed, after: number, count: number): Promise<readonly number[]> {
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const { seq } of feed.watch(after, stop.signal)) {
    seen.push(seq);
    if (seen.length === count) break;
  }
  return seen;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('changes stay in memory as long as they are few and short', async () => {
  const { feed, reads, push } = makeFeed({ changes: 4, length: 100 });
  for (let n = 0; n < 4; n += 1) push(25);
  await turn();
  assert.deepEqual(await watched(feed, 0, 4), [1, 2, 3, 4]);
  assert.deepEqual(reads, []);
  push(1);
  assert.deepEqual(await watched(feed, 0, 5), [1, 2, 3, 4, 5]);
  assert.deepEqual(reads, [0], 'five are one too many');
});

test('long changes leave memory, the oldest first, and are read from the engine', async () => {
  const { feed, reads, push } = makeFeed({ changes: 100, length: 100 });
  for (let n = 0; n < 10; n += 1) push(40);
  await turn();
  assert.deepEqual(await watched(feed, 8, 2), [9, 10]);
  assert.deepEqual(reads, []);
  assert.deepEqual(await watched(feed, 7, 1), [8]);
  assert.deepEqual(reads, [7]);
  push(1000);
  await turn();
  assert.deepEqual(await watched(feed, 10, 1), [11]);
  assert.deepEqual(reads, [7, 10], 'one that is longer than all that is kept');
});

test('a watcher that follows gets a burst of long changes without falling behind', async () => {
  const { feed, reads, push } = makeFeed({ changes: 1000, length: 100 });
  const following = watched(feed, 0, 500);
  await turn();
  for (let n = 0; n < 500; n += 1) push(90);
  assert.equal((await following).length, 500);
  assert.deepEqual(reads, []);
});

test('a watcher that stands still while its changes leave memory is cut off', async () => {
  const { feed, push } = makeFeed({ changes: 100, length: 100 });
  const iterator = feed.watch(0, new AbortController().signal)[Symbol.asyncIterator]();
  push(50);
  assert.equal((await iterator.next()).value?.seq, 1);
  for (let n = 0; n < 5; n += 1) push(50);
  await turn();
  await assert.rejects(
    iterator.next(),
    (error: unknown) => isFault(error, 'exhausted') && error.facts['after'] === 1,
  );
});
