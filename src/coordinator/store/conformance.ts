/**
 * What every engine of the store must do, as tests. An engine's own test file calls `testStore` with the
 * way to open one; the property test (testing/property.ts) goes through the combinations. One file because
 * it is one list of promises, those of store.ts, to be read beside it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFault, type Clock, type Fault } from '#lib';
import { installationId } from '#api';
import { feedChanges, maxCommitItems, maxDocumentBytes } from './limits.ts';
import type { Change, SampleBlock, SampleLevel, Store } from './store.ts';
import { timeAt } from './testing/remote.ts';
import { holdClock, host, renamed } from './testing/samples.ts';

export interface Engine {
  /** A new, empty place. */
  place(): { readonly open: (clock: Clock) => Promise<Store>; readonly clean: () => void };
}

/** The fault's code and facts, with which the work must fail. */
async function refusal(
  work: Promise<unknown>,
  code: Fault['code'],
): Promise<Readonly<Record<string, unknown>>> {
  let caught: unknown;
  await work.catch((error: unknown) => (caught = error));
  assert.ok(isFault(caught, code), `expected ${code}, got ${String(caught)}`);
  return caught.facts;
}

/** The next so many changes after the number. */
async function take(store: Store, after: number, count: number): Promise<readonly Change[]> {
  const stop = new AbortController();
  const changes: Change[] = [];
  for await (const change of store.watch(after, stop.signal)) {
    changes.push(change);
    if (changes.length === count) stop.abort();
  }
  return changes;
}

export function testStore(name: string, engine: Engine): void {
  const check = (title: string, run: (store: Store, tools: Tools) => Promise<void>): void => {
    test(title, async () => {
      const clock = holdClock();
      const { open, clean } = engine.place();
      let store = await open(clock);
      try {
        await run(store, {
          clock,
          reopen: async () => {
            await store[Symbol.asyncDispose]();
            store = await open(clock);
            return store;
          },
        });
      } finally {
        await store[Symbol.asyncDispose]();
        clean();
      }
    });
  };

  describe(`the store on ${name}`, () => {
    testCommits(check);
    testWatches(check);
    testLeases(check);
    testEvents(check);
    testSamples(check);
    testRetention(check);
  });
}

interface Tools {
  readonly clock: ReturnType<typeof holdClock>;
  readonly reopen: () => Promise<Store>;
}
type Check = (title: string, run: (store: Store, tools: Tools) => Promise<void>) => void;

function testCommits(check: Check): void {
  check('API-22 refuses a stale write and leaves no trace of it', async (store) => {
    await store.commit({ writes: [{ kind: 'vm', id: 'a', data: { n: 1 } }] });
    await store.commit({ writes: [{ kind: 'vm', id: 'a', data: { n: 2 } }] });
    const facts = await refusal(
      store.commit({
        conditions: [{ kind: 'vm', id: 'a', version: 1 }],
        writes: [
          { kind: 'vm', id: 'a', data: { n: 3 } },
          { kind: 'vm', id: 'b', data: {} },
        ],
        events: [renamed('a')],
      }),
      'stale',
    );
    assert.deepEqual(facts, { kind: 'vm', id: 'a', version: 1, found: 2 });
    assert.deepEqual((await store.read('vm', 'a'))?.data, { n: 2 });
    assert.equal(await store.read('vm', 'b'), undefined);
    assert.equal(await store.head(), 2);
    assert.equal(await store.countEvents({}), 0);
  });

  check('reserves a name once, whoever asks at the same time', async (store) => {
    const reserve = (data: number): Promise<unknown> =>
      store.commit({
        conditions: [{ kind: 'name', id: 'vm/web', absent: true }],
        writes: [{ kind: 'name', id: 'vm/web', data }],
      });
    const results = await Promise.allSettled([reserve(1), reserve(2), reserve(3)]);
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    assert.equal((await store.read('name', 'vm/web'))?.data, 1);
    await refusal(reserve(4), 'exists');
  });

  check(
    'counts versions from 1, keeps when it was made, begins again after a deletion',
    async (store, { clock }) => {
      const write = { kind: 'folder', id: 'f', data: {} } as const;
      await store.commit({ writes: [write] });
      clock.seconds = 60;
      const changed = await store.commit({ writes: [write] });
      const document = { ...write, version: 2, createdAt: timeAt(0), updatedAt: timeAt(60) };
      assert.deepEqual(changed.documents, [document]);
      assert.deepEqual(await store.read('folder', 'f'), document);
      const gone = await store.commit({ writes: [{ kind: 'folder', id: 'f', delete: true }] });
      assert.deepEqual(gone.deleted, [{ kind: 'folder', id: 'f' }]);
      assert.equal(await store.read('folder', 'f'), undefined);
      await store.commit({ writes: [write] });
      assert.equal((await store.read('folder', 'f'))?.version, 1);
    },
  );

  check('loses no increment among a hundred writers', async (store) => {
    await store.commit({ writes: [{ kind: 'setting', id: 'n', data: 0 }] });
    let refused = 0;
    const increment = async (): Promise<void> => {
      for (;;) {
        const found = await store.read('setting', 'n');
        assert.ok(found !== undefined);
        try {
          await store.commit({
            conditions: [{ kind: 'setting', id: 'n', version: found.version }],
            writes: [{ kind: 'setting', id: 'n', data: Number(found.data) + 1 }],
          });
          return;
        } catch (error) {
          if (!isFault(error, 'stale')) throw error;
          refused += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 100 }, increment));
    assert.equal((await store.read('setting', 'n'))?.data, 100);
    assert.ok(refused > 0, 'nobody was in anybody else’s way');
  });

  check('keeps what was written, not what its writer changes afterwards', async (store) => {
    const data = { tags: ['a'] };
    const change = await store.commit({ writes: [{ kind: 'vm', id: 'a', data }] });
    data.tags.push('b');
    assert.deepEqual(change.documents[0]?.data, { tags: ['a'] });
    assert.deepEqual((await store.read('vm', 'a'))?.data, { tags: ['a'] });
  });

  check('refuses what is too large and goes on', async (store) => {
    const data = 'x'.repeat(maxDocumentBytes);
    await refusal(store.commit({ writes: [{ kind: 'vm', id: 'a', data }] }), 'too-large');
    const id = 'x'.repeat(257);
    await refusal(store.commit({ writes: [{ kind: 'vm', id, data: {} }] }), 'too-large');
    const events = Array.from({ length: maxCommitItems + 1 }, () => renamed('a'));
    await refusal(store.commit({ events }), 'too-large');
    await store.commit({ writes: [{ kind: 'vm', id: 'a', data: 'x' }] });
    assert.equal(await store.head(), 1);
  });

  check('reads a kind in the order of ids, page by page', async (store) => {
    const ids = Array.from({ length: 25 }, (_, index) => `vm-${String(index).padStart(2, '0')}`);
    const writes = ids.toReversed().map((id) => ({ kind: 'vm', id, data: { id } }) as const);
    await store.commit({ writes: [...writes, { kind: 'host', id: 'vm-03a', data: {} }] });
    const seen: string[] = [];
    for (let after = ''; ;) {
      const page = await store.range('vm', after, 10);
      seen.push(...page.map((document) => document.id));
      if (page.length < 10) break;
      after = seen.at(-1) ?? '';
    }
    assert.deepEqual(seen, ids);
  });

  check('EVT-01 has everything again after it was closed and opened', async (store, { reopen }) => {
    await store.commit({
      writes: [{ kind: 'vm', id: 'a', data: { n: 1 } }],
      events: [renamed('a')],
    });
    const again = await reopen();
    assert.deepEqual((await again.read('vm', 'a'))?.data, { n: 1 });
    assert.equal(await again.head(), 1);
    const next = await again.commit({ events: [renamed('a')] });
    assert.equal(next.seq, 2);
    assert.equal(next.events[0]?.seq, 2);
  });
}

function testWatches(check: Check): void {
  const write = (n: number) => ({ writes: [{ kind: 'vm' as const, id: `vm-${n}`, data: { n } }] });

  check(
    'tells a watcher every change once, in order, before and after it came',
    async (store, { reopen }) => {
      const made: Change[] = [];
      for (let n = 1; n <= 5; n += 1) made.push(await store.commit(write(n)));
      const again = await reopen();
      const watched = take(again, 2, 6);
      for (let n = 6; n <= 8; n += 1) made.push(await again.commit(write(n)));
      assert.deepEqual(await watched, made.slice(2));
    },
  );

  check('tells many watchers the same', async (store) => {
    const watches = Array.from({ length: 100 }, () => take(store, 0, 50));
    const made = await Promise.all(Array.from({ length: 50 }, (_, n) => store.commit(write(n))));
    for (const told of await Promise.all(watches)) assert.deepEqual(told, made);
  });

  check(
    'ends a watch when its signal aborts, and when the store closes',
    async (store, { reopen }) => {
      const stop = new AbortController();
      const ended = (async () => {
        for await (const change of store.watch(0, stop.signal)) assert.fail(String(change.seq));
      })();
      stop.abort();
      await ended;
      const cut = take(store, 0, 1);
      const refused = refusal(cut, 'unavailable');
      await reopen();
      await refused;
    },
  );

  check(
    'says so when changes are no longer kept, instead of skipping them',
    async (store, { reopen }) => {
      for (let n = 1; n <= 10; n += 1) await store.commit(write(n));
      assert.equal((await store.prune({ changesBelow: 6 })).changes, 5);
      const again = await reopen();
      const facts = await refusal(take(again, 4, 1), 'stale');
      assert.deepEqual(facts, { pruned: true, after: 4 });
      assert.equal((await take(again, 5, 5)).at(-1)?.seq, 10);
      await refusal(take(again, 11, 1), 'stale');
    },
  );

  check('keeps of the changes no more than so much, the newest ones', async (store, { reopen }) => {
    for (let n = 1; n <= 10; n += 1)
      await store.commit({
        writes: [{ kind: 'vm', id: `large-${n}`, data: { text: 'x'.repeat(10_000) } }],
      });
    assert.equal((await store.prune({ changesLength: 200_000 })).changes, 0);
    assert.equal((await store.prune({ changesLength: 45_000 })).changes, 6);
    assert.equal((await store.prune({ changesLength: 45_000 })).changes, 0);
    const again = await reopen();
    assert.equal((await again.prune({ changesLength: 45_000 })).changes, 0);
    await refusal(take(again, 5, 1), 'stale');
    assert.equal((await take(again, 6, 4)).at(-1)?.seq, 10);
    await again.commit(write(11));
    assert.equal((await again.prune({ changesBelow: 9, changesLength: 15_000 })).changes, 3);
    assert.equal((await take(again, 9, 2)).at(-1)?.seq, 11);
  });

  check(
    'cuts off a watcher that is too slow, and lets it go on from where it was',
    async (store) => {
      const iterator = store.watch(0, new AbortController().signal)[Symbol.asyncIterator]();
      await store.commit(write(0));
      assert.equal((await iterator.next()).value?.seq, 1);
      const count = feedChanges + 10;
      await Promise.all(Array.from({ length: count }, (_, n) => store.commit(write(n))));
      const facts = await refusal(iterator.next(), 'exhausted');
      assert.deepEqual(facts, { after: 1 });
      const rest = await take(store, 1, count);
      assert.deepEqual(
        rest.map((change) => change.seq),
        rest.map((_, index) => index + 2),
      );
    },
  );
}

function testLeases(check: Check): void {
  check(
    'gives a lease to one holder at a time, with an epoch that only grows',
    async (store, { clock }) => {
      const first = await store.acquire('operations', 'one', 10_000);
      assert.deepEqual(first, {
        name: 'operations',
        holder: 'one',
        epoch: 1,
        expiresAt: timeAt(10),
      });
      assert.equal(await store.acquire('operations', 'two', 10_000), undefined);
      clock.seconds = 5;
      assert.equal((await store.acquire('operations', 'one', 10_000))?.epoch, 1);
      clock.seconds = 15;
      assert.equal((await store.acquire('operations', 'two', 10_000))?.epoch, 2);
      await store.release('operations', 'one');
      assert.equal(await store.acquire('operations', 'one', 10_000), undefined);
      await store.release('operations', 'two');
      assert.equal((await store.acquire('operations', 'one', 10_000))?.epoch, 3);
    },
  );

  check(
    'refuses every commit of a holder whose lease another has taken',
    async (store, { clock }) => {
      const commit = (epoch: number): Promise<Change> =>
        store.commit({
          conditions: [{ lease: 'operations', epoch }],
          writes: [{ kind: 'operation', id: 'o', data: { epoch } }],
        });
      await store.acquire('operations', 'one', 1000);
      await commit(1);
      clock.seconds = 2;
      await commit(1);
      await store.acquire('operations', 'two', 1000);
      assert.deepEqual(await refusal(commit(1), 'stale'), {
        lease: 'operations',
        epoch: 1,
        found: 2,
      });
      await commit(2);
      await store.release('operations', 'two');
      await refusal(commit(2), 'stale');
      await refusal(store.commit({ conditions: [{ lease: 'never taken', epoch: 1 }] }), 'stale');
    },
  );
}

function testEvents(check: Check): void {
  check(
    'EVT-02 keeps every field of an event, with what the catalogue says of it',
    async (store) => {
      const event = renamed('a', { correlationId: 'c-1' });
      const change = await store.commit({ events: [event] });
      const expected = {
        seq: 1,
        name: 'vm.renamed',
        type: 'information',
        time: timeAt(0),
        category: 'Virtual Machine',
        message: 'Virtual machine web is now called vm a',
        target: event.target,
        ancestors: event.ancestors,
        actor: event.actor,
        origin: '127.0.0.1',
        correlationId: 'c-1',
        attributes: { oldName: 'web' },
      };
      assert.deepEqual(change.events, [expected]);
      const query = { newestFirst: 'newest-first', limit: 10 } as const;
      assert.deepEqual(await store.events(query), [expected]);
    },
  );

  check('EVT-54 finds an event once at its target and at everything above it', async (store) => {
    await store.commit({ events: [renamed('a'), renamed('b', { ancestors: [] })] });
    const found = async (about: string): Promise<readonly string[]> => {
      const events = await store.events({ about, newestFirst: 'newest-first', limit: 10 });
      assert.equal(events.length, await store.countEvents({ about }));
      return events.map((event) => event.target.id);
    };
    assert.deepEqual(await found('a'), ['a']);
    assert.deepEqual(await found('b'), ['b']);
    assert.deepEqual(await found(host.id), ['a']);
    assert.deepEqual(await found(installationId), ['b', 'a']);
    assert.equal(await store.countEvents({}), 2);
  });

  check('finds events by their own time, also those that came late', async (store, { clock }) => {
    for (let hour = 0; hour < 48; hour += 1) {
      clock.seconds = hour * 3600;
      await store.commit({ events: [renamed(`at-${hour}`)] });
    }
    await store.commit({ events: [renamed('late', { time: timeAt(5 * 3600 + 1) })] });
    const ids = async (since: number, until: number): Promise<readonly string[]> => {
      const filter = { since: timeAt(since), until: timeAt(until) };
      const events = await store.events({ ...filter, newestFirst: 'oldest-first', limit: 100 });
      assert.equal(await store.countEvents(filter), events.length);
      return events.map((event) => event.target.id);
    };
    assert.deepEqual(await ids(5 * 3600, 7 * 3600), ['at-5', 'at-6', 'late']);
    assert.deepEqual(await ids(5 * 3600 + 1, 5 * 3600 + 2), ['late']);
    assert.deepEqual(await ids(99 * 3600, 100 * 3600), []);
  });

  check(
    'EVT-05 keeps the time of coordinator or host, in UTC with milliseconds',
    async (store, { clock }) => {
      clock.seconds = 1.234;
      const own = '2025-12-31T23:59:59.999Z';
      const { events } = await store.commit({
        events: [renamed('a'), renamed('a', { time: own })],
      });
      assert.deepEqual(
        events.map((event) => event.time),
        ['2026-01-01T00:00:01.234Z', own],
      );
      for (const time of ['2026-01-01T00:00:01Z', '2026-01-01T00:00:01.000+01:00', 'yesterday'])
        await refusal(store.commit({ events: [renamed('a', { time })] }), 'invalid');
    },
  );
}

function testSamples(check: Check): void {
  const block = (level: SampleLevel, start: number, key: string, text = key): SampleBlock => ({
    level,
    start,
    key,
    data: new TextEncoder().encode(text),
  });

  check('finds blocks of samples by level, start and key, also later', async (store, tools) => {
    const blocks = [1, 2, 3].flatMap((start) => [
      block('minute', start, 'a'),
      block('minute', start, 'b'),
    ]);
    await store.putSamples([...blocks, block('hour', 1, 'a', 'another level')]);
    const again = await tools.reopen();
    assert.deepEqual(await again.samples('minute', [1, 2, 3], ['a', 'b']), blocks);
    assert.deepEqual(await again.samples('minute', [3, 9, 2], ['b', 'c']), [
      block('minute', 3, 'b'),
      block('minute', 2, 'b'),
    ]);
    assert.deepEqual(await again.samples('five-minutes', [1], ['a']), []);
    assert.deepEqual(await again.samples('minute', [], ['a']), []);
    assert.equal(await again.firstSamples('minute'), 1);
    assert.equal(await again.firstSamples('pending'), undefined);
  });

  check('a block of samples that is written again replaces the one before', async (store) => {
    await store.putSamples([block('hour', 1, 'a', 'first'), block('hour', 1, 'b')]);
    await store.putSamples([block('hour', 1, 'a', 'a second one')]);
    assert.deepEqual(await store.samples('hour', [1], ['a', 'b']), [
      block('hour', 1, 'a', 'a second one'),
      block('hour', 1, 'b'),
    ]);
  });

  check('forgets blocks of samples by level and start, however many', async (store) => {
    const many = Array.from({ length: 2_500 }, (_, n) => block('pending', n % 5, `k-${n}`, ''));
    await store.putSamples([...many, block('minute', 3, 'a'), block('minute', 4, 'a')]);
    const { samples } = await store.prune({ samplesBefore: { pending: 5, minute: 4 } });
    assert.equal(samples, 2_501);
    assert.equal(await store.firstSamples('pending'), undefined);
    assert.equal(await store.firstSamples('minute'), 4);
    assert.equal((await store.prune({ samplesBefore: { pending: 5 } })).samples, 0);
    assert.equal((await store.prune({})).samples, 0);
  });
}

function testRetention(check: Check): void {
  check(
    'EVT-09 forgets events by age and by number, from the old end only',
    async (store, { clock }) => {
      for (let n = 0; n < 10; n += 1) {
        clock.seconds = n;
        await store.commit({ events: [renamed(`vm-${n}`)] });
      }
      await store.commit({ events: [renamed('late', { time: timeAt(1) })] });
      assert.equal((await store.prune({ eventsBefore: timeAt(3) })).events, 3);
      assert.equal((await store.prune({ eventsBefore: timeAt(3) })).events, 0);
      assert.equal(await store.countEvents({ about: 'vm-2' }), 0);
      assert.equal(await store.countEvents({ about: host.id }), 8);
      assert.equal((await store.prune({ eventsKeep: 2 })).events, 6);
      const rest = await store.events({ newestFirst: 'oldest-first', limit: 10 });
      assert.deepEqual(
        rest.map((event) => event.target.id),
        ['vm-9', 'late'],
      );
      assert.equal((await store.prune({ eventsBefore: timeAt(100) })).events, 2);
      const next = await store.commit({ events: [renamed('a')] });
      assert.equal(next.events[0]?.seq, 12);
    },
  );

  check('forgets finished operations, never one that runs, and tells watchers', async (store) => {
    const operation = (id: string, endedAt: string | null) =>
      ({ kind: 'operation', id, data: { endedAt } }) as const;
    await store.commit({
      writes: [
        operation('runs', null),
        operation('o-1', timeAt(1)),
        operation('o-2', timeAt(2)),
        operation('o-3', timeAt(3)),
      ],
    });
    assert.equal((await store.prune({ operationsBefore: timeAt(2) })).operations, 1);
    assert.equal((await store.prune({ operationsKeep: 1 })).operations, 1);
    const [one, two] = await take(store, 1, 2);
    assert.deepEqual(one?.deleted, [{ kind: 'operation', id: 'o-1' }]);
    assert.deepEqual(two?.deleted, [{ kind: 'operation', id: 'o-2' }]);
    assert.equal((await store.prune({ operationsKeep: 0 })).operations, 1);
    assert.deepEqual(
      (await store.range('operation', '', 10)).map((document) => document.id),
      ['runs'],
    );
  });

  check('forgets sessions, links and answered requests that have expired', async (store) => {
    const at = (kind: 'session' | 'link' | 'request', seconds: number) =>
      ({ kind, id: `${kind}-${seconds}`, data: { expiresAt: timeAt(seconds) } }) as const;
    await store.commit({
      writes: [at('session', 5), at('session', 15), at('link', 5), at('request', 5)],
    });
    assert.equal((await store.prune({ expiredBefore: timeAt(10) })).expired, 3);
    assert.ok((await store.read('session', 'session-15')) !== undefined);
    assert.equal(await store.read('request', 'request-5'), undefined);
  });

  check('keeps the newest answered requests, however many have not expired', async (store) => {
    await store.commit({
      writes: [1, 2, 3].map((seconds) => ({
        kind: 'request',
        id: `request-${seconds}`,
        data: { expiresAt: timeAt(seconds) },
      })),
    });
    assert.equal((await store.prune({ requestsKeep: 2 })).expired, 1);
    const kept = await store.range('request', '', 10);
    assert.deepEqual(
      kept.map(({ id }) => id),
      ['request-2', 'request-3'],
    );
  });
}
