/**
 * The model-based property test: any series of commands leaves the engine and the model telling the
 * same. The engine runs in a process of its own; `Kill` ends it with signal 9 while a commit is on its
 * way, which afterwards is there whole or not at all.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Fault, isFault } from '#lib';
import { installationId, type Thing } from '#api';
import {
  sampleLevels,
  type Commit,
  type Condition,
  type DocumentKind,
  type EventQuery,
  type NewEvent,
  type Retention,
} from '../store.ts';
import { ModelStore } from './model.ts';
import { timeAt, type RemoteStore } from './remote.ts';

interface Model {
  store: ModelStore;
  seconds: number;
}
interface Real {
  remote: RemoteStore;
  restart(): RemoteStore;
  readonly openingEndsLeases: boolean;
}
type Step = fc.AsyncCommand<Model, Real>;

const kinds: readonly DocumentKind[] = ['vm', 'name', 'operation', 'session'];
const ids = ['a', 'b', 'c'];

const now = (model: Model): number => Date.parse(timeAt(model.seconds));

/** Both do it; both must answer the same, or fail with the same code and facts. */
async function both(expected: () => unknown, actual: Promise<unknown>): Promise<void> {
  const outcome = await actual.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let value: unknown;
  try {
    value = expected();
  } catch (error) {
    assert.ok(error instanceof Fault);
    assert.ok('error' in outcome && outcome.error instanceof Fault, 'the engine did not refuse');
    assert.equal(outcome.error.code, error.code);
    assert.deepEqual(outcome.error.facts, error.facts);
    return;
  }
  if ('error' in outcome) throw outcome.error;
  assert.deepEqual(outcome.value, value);
}

/** What is no longer kept may be told or refused; what is kept must be told, whole and in order. */
async function watchBoth(model: Model, remote: RemoteStore, after: number): Promise<void> {
  const { changes, pruned } = model.store.changesAfter(after);
  const told = remote.call(now(model), 'watch', after);
  const answer = await told.catch((error: unknown) => {
    if (pruned && isFault(error, 'stale') && error.facts['pruned'] === true) return changes;
    throw error;
  });
  assert.deepEqual(answer, changes);
}

function step(text: string, run: (model: Model, real: Real) => Promise<void>): Step {
  return { check: () => true, run, toString: () => text };
}

const kind = fc.constantFrom(...kinds);
const id = fc.constantFrom(...ids);
const seconds = fc.integer({ min: 0, max: 20_000 });

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind, id, version: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind, id, absent: fc.constant(true as const) }),
  fc.record({
    lease: fc.constantFrom('one', 'two'),
    epoch: fc.integer({ min: 1, max: 3 }),
  }),
);

const data = fc.record({
  n: fc.integer({ min: 0, max: 9 }),
  text: fc.string({ unit: 'binary', maxLength: 5 }),
  endedAt: fc.option(seconds.map(timeAt)),
  expiresAt: fc.option(seconds.map(timeAt)),
});

const write = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind, id, data }) },
  { weight: 1, arbitrary: fc.record({ kind, id, delete: fc.constant(true as const) }) },
);

const host: Thing = { kind: 'host', id: 'h', name: 'the host' };
const installation: Thing = { kind: 'installation', id: installationId, name: 'here' };

const event: fc.Arbitrary<NewEvent> = fc
  .record({ id, late: fc.option(seconds), correlationId: fc.option(id), on: fc.boolean() })
  .map(({ id, late, correlationId, on }) => ({
    name: 'vm.renamed' as const,
    target: { kind: 'vm', id, name: `vm ${id}` },
    ancestors: on ? [host, installation] : [installation],
    actor: { kind: 'user', name: 'ann' },
    origin: null,
    correlationId,
    attributes: { oldName: 'before' },
    ...(late === null ? {} : { time: timeAt(late) }),
  }));

const commit: fc.Arbitrary<Commit> = fc.record({
  conditions: fc.array(condition, { maxLength: 2 }),
  writes: fc.uniqueArray(write, { maxLength: 4, selector: ({ kind, id }) => `${kind} ${id}` }),
  events: fc.array(event, { maxLength: 3 }),
});

const query: fc.Arbitrary<EventQuery> = fc
  .record({
    after: fc.option(fc.nat(20)),
    before: fc.option(fc.nat(20)),
    since: fc.option(seconds.map(timeAt)),
    until: fc.option(seconds.map(timeAt)),
    about: fc.option(fc.constantFrom(...ids, 'h', installationId)),
    correlationId: fc.option(id),
    newestFirst: fc.constantFrom('newest-first' as const, 'oldest-first' as const),
    limit: fc.integer({ min: 1, max: 5 }),
  })
  .map((given) => without(given) as EventQuery);

const level = fc.constantFrom(...sampleLevels);
const start = fc.nat(4);
const block = fc.record(
  { level, start, key: id, data: fc.uint8Array({ maxLength: 4 }) },
  { noNullPrototype: true },
);

const retention: fc.Arbitrary<Retention> = fc
  .record({
    eventsBefore: fc.option(seconds.map(timeAt)),
    eventsKeep: fc.option(fc.nat(8)),
    operationsBefore: fc.option(seconds.map(timeAt)),
    operationsKeep: fc.option(fc.nat(2)),
    expiredBefore: fc.option(seconds.map(timeAt)),
    changesBelow: fc.option(fc.nat(30)),
    samplesBefore: fc.option(
      fc.dictionary(fc.constantFrom(...sampleLevels), fc.nat(5), { maxKeys: 2 }),
    ),
  })
  .map((given) => without(given) as Retention);

function without(given: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

const steps: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Step> }[] = [
  {
    weight: 12,
    arbitrary: commit.map((given) =>
      step(`commit ${fc.stringify(given)}`, (model, { remote }) =>
        both(() => model.store.commit(given, now(model)), remote.call(now(model), 'commit', given)),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(kind, id)
      .map(([kind, id]) =>
        step(`read ${kind} ${id}`, (model, { remote }) =>
          both(() => model.store.read(kind, id), remote.call(now(model), 'read', kind, id)),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(kind, fc.constantFrom('', ...ids), fc.integer({ min: 1, max: 3 }))
      .map(([kind, after, limit]) =>
        step(`range ${kind} after "${after}" ${limit}`, (model, { remote }) =>
          both(
            () => model.store.range(kind, after, limit),
            remote.call(now(model), 'range', kind, after, limit),
          ),
        ),
      ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(30).map((back) =>
      step(`watch the last ${back}`, (model, { remote }) => {
        return watchBoth(model, remote, Math.max(0, model.store.head - back));
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: query.map((given) =>
      step(`events ${fc.stringify(given)}`, async (model, { remote }) => {
        await both(() => model.store.events(given), remote.call(now(model), 'events', given));
        const { limit: _limit, newestFirst: _order, ...filter } = given;
        await both(
          () => model.store.countEvents(filter),
          remote.call(now(model), 'countEvents', filter),
        );
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('one', 'two'), id, fc.integer({ min: 1, max: 9000 }))
      .map(([name, holder, ttlMs]) =>
        step(`acquire ${name} for ${holder} ${ttlMs} ms`, (model, { remote }) =>
          both(
            () => model.store.acquire(name, holder, ttlMs, now(model)),
            remote.call(now(model), 'acquire', name, holder, ttlMs),
          ),
        ),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('one', 'two'), id)
      .map(([name, holder]) =>
        step(`release ${name} by ${holder}`, (model, { remote }) =>
          both(
            () => model.store.release(name, holder),
            remote.call(now(model), 'release', name, holder),
          ),
        ),
      ),
  },
  {
    weight: 4,
    arbitrary: fc
      .array(block, { maxLength: 5 })
      .map((blocks) =>
        step(`put samples ${fc.stringify(blocks)}`, (model, { remote }) =>
          both(() => model.store.putSamples(blocks), remote.call(now(model), 'putSamples', blocks)),
        ),
      ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(level, fc.uniqueArray(start), fc.uniqueArray(id))
      .map(([level, starts, keys]) =>
        step(`samples ${fc.stringify([level, starts, keys])}`, async (model, { remote }) => {
          await both(
            () => model.store.samples(level, starts, keys),
            remote.call(now(model), 'samples', level, starts, keys),
          );
          await both(
            () => model.store.firstSamples(level),
            remote.call(now(model), 'firstSamples', level),
          );
        }),
      ),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 5000 }).map((seconds) =>
      step(`${seconds} s later`, async (model) => {
        await Promise.resolve();
        model.seconds += seconds;
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: retention.map((given) =>
      step(`prune ${fc.stringify(given)}`, (model, { remote }) =>
        both(() => model.store.prune(given, now(model)), remote.call(now(model), 'prune', given)),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      step('reopen', async (model, real) => {
        await real.remote.close();
        real.remote = real.restart();
        if (real.openingEndsLeases) model.store.endAllLeases();
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(commit, fc.integer({ min: 0, max: 20 })).map(([given, delay]) =>
      step(`kill during commit ${fc.stringify(given)}`, async (model, real) => {
        const before = model.store.head;
        const answer = real.remote.call(now(model), 'commit', given).catch(() => undefined);
        for (let turn = 0; turn < delay; turn += 1) await new Promise(setImmediate);
        await real.remote.kill();
        await answer;
        real.remote = real.restart();
        const head = await real.remote.call(now(model), 'head');
        if (head === before + 1) {
          model.store.commit(given, now(model));
          await watchBoth(model, real.remote, before);
        } else assert.equal(head, before);
        if (real.openingEndsLeases) model.store.endAllLeases();
      }),
    ),
  },
];

export interface PropertyOptions {
  /** Starts a process of the engine on a new, empty place; afterwards `restart` on the same one. */
  readonly start: () => {
    readonly remote: RemoteStore;
    readonly restart: () => RemoteStore;
    readonly clean: () => void;
  };
  readonly openingEndsLeases: boolean;
  readonly runs: number;
  readonly seed?: number;
}

export async function checkStoreAgainstModel(options: PropertyOptions): Promise<void> {
  const property = fc.asyncProperty(
    fc.commands(
      steps.flatMap(({ weight, arbitrary }) => Array.from({ length: weight }, () => arbitrary)),
      { maxCommands: 60, size: 'max' },
    ),
    async (commands) => {
      const { remote, restart, clean } = options.start();
      const real: Real = { remote, restart, openingEndsLeases: options.openingEndsLeases };
      try {
        await fc.asyncModelRun(
          () => ({ model: { store: new ModelStore(), seconds: 0 }, real }),
          commands,
        );
      } finally {
        await real.remote.kill();
        clean();
      }
    },
  );
  await fc.assert(property, {
    numRuns: options.runs,
    endOnFailure: false,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
}
