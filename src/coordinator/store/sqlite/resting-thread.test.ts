import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, isFault, systemClock } from '#lib';
import { silentLog } from '#log';
import type { Query, QueryResult } from './protocol.ts';
import { RestingThread } from './resting-thread.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { Thread } from './thread.ts';

const script = new URL('reader.ts', import.meta.url);
const query: Query = { kind: 'range', documentKind: 'vm', after: '', limit: 10 };

async function untilAsleep(thread: { readonly isAwake: boolean }): Promise<void> {
  while (thread.isAwake) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a thread that nobody asks ends, and the next question starts it again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rest-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'store.db');
  const store = await openSqliteStore({ file, clock: systemClock, log: silentLog });
  await store.commit({ writes: [{ kind: 'vm', id: 'a', data: {} }] });
  await store[Symbol.asyncDispose]();
  let starts = 0;
  const reader = new RestingThread<Query, QueryResult>(async () => {
    starts += 1;
    return await Thread.start<Query, QueryResult>('reader', script, { file });
  }, 20);
  const ask = async (): Promise<number> => {
    const result = await reader.ask(query);
    assert.ok('answer' in result);
    return (result.answer as readonly unknown[]).length;
  };
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
  assert.equal(starts, 1, 'one thread for all');
  await untilAsleep(reader);
  assert.equal(await ask(), 1);
  assert.equal(starts, 2);
  await reader.close();
  assert.equal(reader.isAwake, false);
  await assert.rejects(ask(), (error: unknown) => isFault(error, 'unavailable'));
});

test('a thread that does not start fails who asked, and is tried again by the next', async () => {
  let starts = 0;
  const reader = new RestingThread<Query, QueryResult>(() => {
    starts += 1;
    return Promise.reject(new Fault('internal', 'there is no memory'));
  }, 20);
  await assert.rejects(reader.ask(query), /no memory/);
  await assert.rejects(reader.ask(query), /no memory/);
  assert.equal(starts, 2);
  await reader.close();
});
