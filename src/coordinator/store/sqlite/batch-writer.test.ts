import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { isFault, systemClock } from '#lib';
import { silentLog } from '#log';
import type { Store } from '../store.ts';
import { renamed } from '../testing/samples.ts';
import type { Flush } from './local-writer.ts';
import { openSqliteStore } from './sqlite-store.ts';

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'store.db');
}

/** A machine that is busy makes no write the thread's here. */
const openAt = (file: string, flush?: Flush): Promise<Store> =>
  openSqliteStore({
    file,
    clock: systemClock,
    log: silentLog,
    threadIdleMs: 50,
    slowMs: Number.POSITIVE_INFINITY,
    ...(flush === undefined ? {} : { flush }),
  });

const write = (store: Store, id: string, data: unknown = {}): ReturnType<Store['commit']> =>
  store.commit({ writes: [{ kind: 'vm', id, data }], events: [renamed(id)] });

/** A disk that is told when to finish. */
function holdDisk(): { readonly flush: Flush; readonly flushes: PromiseWithResolvers<void>[] } {
  const flushes: PromiseWithResolvers<void>[] = [];
  const flush = (): Promise<void> => {
    const one = Promise.withResolvers<void>();
    flushes.push(one);
    return one.promise;
  };
  return { flush, flushes };
}

test('a commit is answered, watched and read when its flush has ended, not before', async (t) => {
  const { flush, flushes } = holdDisk();
  await using store = await openAt(place(t), flush);
  await store.range('vm', '', 10);
  const heard: string[] = [];
  const watching = store.watch(0, t.signal)[Symbol.asyncIterator]().next();
  const all = [
    write(store, 'a').then(() => heard.push('committed')),
    watching.then(() => heard.push('watched')),
    store.range('vm', '', 10).then((documents) => heard.push(`range of ${documents.length}`)),
    store.countEvents({}).then((count) => heard.push(`${count} events`)),
  ];
  // The reader has answered others by then.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const early = [...heard];
  flushes[0]?.resolve();
  await Promise.all(all);
  assert.deepEqual(early, []);
  assert.deepEqual(new Set(heard), new Set(['1 events', 'committed', 'range of 1', 'watched']));
});

test('a flush that fails ends the store: nothing is answered, told or written afterwards', async (t) => {
  const { flush, flushes } = holdDisk();
  const file = place(t);
  {
    await using store = await openAt(file, flush);
    const isFailure = (error: unknown): boolean =>
      isFault(error, 'unavailable') && error.message.includes(`${file} failed`);
    const watching = store.watch(0, t.signal)[Symbol.asyncIterator]().next();
    const all = [write(store, 'a'), watching].map((work) => assert.rejects(work, isFailure));
    const later = assert.rejects(
      write(store, 'a').then(() => write(store, 'b')),
      isFailure,
    );
    while (flushes.length === 0) await new Promise(setImmediate);
    flushes[0]?.reject(new Error('EIO: i/o error, fdatasync'));
    await Promise.all([...all, later]);
    await assert.rejects(write(store, 'c'), isFailure);
    await assert.rejects(store.range('vm', '', 10), isFailure);
    assert.equal(flushes.length, 1);
    assert.equal(await store.head(), 0);
  }
  await using again = await openAt(file);
  assert.equal(await again.read('vm', 'c'), undefined);
});

test('EVT-01 what was flushed when a commit was answered holds the commit whole', async (t) => {
  const file = place(t);
  const folder = join(file, '../left');
  mkdirSync(folder);
  let copies = 0;
  // As a power cut leaves it that takes all that was not flushed.
  const flush = async (): Promise<void> => {
    await Promise.resolve();
    copies += 1;
    for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, join(folder, `${copies}${end}`));
  };
  await using store = await openAt(file, flush);
  const answered: number[] = [];
  for (let n = 1; n <= 12; n += 1) {
    await Promise.all([write(store, `a-${n}`, { n }), write(store, `b-${n}`)]);
    answered.push(copies);
  }
  assert.equal(copies, 12);
  for (const [index, copy] of answered.entries()) {
    await using left = await openAt(join(folder, String(copy)));
    assert.equal(await left.head(), (index + 1) * 2);
    assert.deepEqual((await left.read('vm', `a-${index + 1}`))?.data, { n: index + 1 });
    assert.equal(await left.countEvents({}), (index + 1) * 2);
  }
});

test('many commits at once are written by the thread, and few again here, in one order', async (t) => {
  let flushes = 0;
  const flush = async (): Promise<void> => {
    await Promise.resolve();
    flushes += 1;
  };
  await using store = await openAt(place(t), flush);
  await write(store, 'a');
  assert.equal(flushes, 1);
  await Promise.all(Array.from({ length: 40 }, (_, n) => write(store, `many-${n}`)));
  await write(store, 'a');
  assert.equal(flushes, 1, 'the thread flushes what it writes');
  const rested = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await write(store, 'a');
    if (flushes === 1) await rested();
  };
  await rested();
  const head = await store.head();
  assert.equal((await store.read('vm', 'a'))?.version, head - 40);
  assert.equal(await store.countEvents({}), head);
  const numbers = (await store.events({ newestFirst: 'oldest-first', limit: 1000 })).map(
    ({ seq }) => seq,
  );
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
});

test('a lease that is renewed does not keep the thread from its rest', async (t) => {
  let flushes = 0;
  const flush = async (): Promise<void> => {
    await Promise.resolve();
    flushes += 1;
  };
  await using store = await openAt(place(t), flush);
  await Promise.all(Array.from({ length: 40 }, (_, n) => write(store, `many-${n}`)));
  const rests = (): boolean => flushes > 0;
  for (let n = 0; !rests(); n += 1) {
    assert.ok(n < 500, 'the thread is still there');
    assert.equal((await store.acquire('work', 'me', 60_000))?.epoch, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('a log that has grown is brought into the database without a batch for the thread', async (t) => {
  const file = place(t);
  await using store = await openAt(file);
  const data = { text: 'x'.repeat(100_000) };
  const before = statSync(file).size;
  for (let n = 0; statSync(file).size - before < 4_000_000; n += 1) {
    assert.ok(n < 200, `the log has ${statSync(`${file}-wal`).size} bytes`);
    await write(store, `vm-${n}`, data);
  }
});

test('another program that writes keeps commits waiting, and nobody else', async (t) => {
  const file = place(t);
  await using store = await openAt(file);
  await write(store, 'a');
  using other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  let longestMs = 0;
  const written = write(store, 'a');
  for (let before = performance.now(), n = 0; n < 60; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    longestMs = Math.max(longestMs, performance.now() - before);
    before = performance.now();
  }
  other.exec('ROLLBACK');
  assert.equal((await written).documents[0]?.version, 2);
  assert.ok(longestMs < 1_000, `the event loop stood still for ${longestMs} ms`);
});
