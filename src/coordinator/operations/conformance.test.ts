import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../store/store.ts';
import {
  checkFailure,
  checkRepeat,
  checkRepeatedUndo,
  testOperationKinds,
  type Harness,
} from './conformance.ts';
import type { OperationKind, StepDefinition, StepWork } from './kind.ts';
import { callerNamed, makeWorld, vmThing, type World } from './testing/world.ts';

/** Kinds whose steps write settings into the store of their world. */
interface Work extends StepWork {
  readonly world: World;
}
type Step = StepDefinition<Work>;

const write = (work: Work, id: string, data: Json | null): Promise<unknown> =>
  work.world.context.commit({
    writes: [data === null ? { kind: 'setting', id, delete: true } : { kind: 'setting', id, data }],
  });
const read = (work: Work, id: string): unknown =>
  work.world.inventory.document('setting', id)?.data;

const make: Step = {
  name: 'make',
  run: async (work) => void (await write(work, 'made', true)),
  undo: async (work) => void (await write(work, 'made', null)),
};
/** Counts up once per operation: it remembers to what. */
const count: Step = {
  name: 'count',
  run: async (work) => {
    if (work.memory['count'] === undefined) {
      const before = Number(read(work, 'count') ?? 0);
      await work.remember({ before, count: before + 1 });
    }
    await write(work, 'count', work.memory['count'] ?? null);
  },
  undo: async (work) => {
    if (work.memory['count'] !== undefined)
      await write(work, 'count', work.memory['before'] ?? null);
  },
};
const tell: Step = {
  name: 'tell',
  way: 'stays',
  run: async (work) => void (await write(work, 'told', true)),
};
const leavesBehind: Step = { name: 'leave', run: make.run };
const countsAgain: Step = {
  ...count,
  run: async (work) => void (await write(work, 'count', Number(read(work, 'count') ?? 0) + 1)),
};
const undoesTooMuch: Step = {
  ...count,
  undo: async (work) => void (await write(work, 'count', Number(read(work, 'count') ?? 0) - 1)),
};

const harness: Harness<Work> = {
  world: async (action) => {
    const world = await makeWorld(['web']);
    await world.context.commit({ writes: [{ kind: 'setting', id: 'count', data: 5 }] });
    const engines: AsyncDisposable[] = [];
    return {
      engine: (kinds) => {
        const engine = world.equipped(kinds, (work) => ({ ...work, world }));
        engines.push(engine);
        return engine;
      },
      caller: callerNamed('ann'),
      submission: { action, target: vmThing('web'), input: {} },
      snapshot: async () =>
        (await world.store.range('setting', '', 100)).map(({ id, data }) => [id, data]),
      [Symbol.asyncDispose]: async () => {
        for (const engine of engines) await engine[Symbol.asyncDispose]();
        await world[Symbol.asyncDispose]();
      },
    };
  },
};

const kind = (...steps: Step[]): OperationKind<Work> => ({ action: 'vm.update', steps });

testOperationKinds(
  [{ action: 'vm.create', steps: [make, count] }, kind(count, tell, make)],
  harness,
);

const bad: Error = new assert.AssertionError({ message: '' });

test('the tests find a step that leaves something behind', async () => {
  const one = kind(leavesBehind, count);
  await assert.rejects(checkFailure([one], one, 1, 'before', harness), { name: bad.name });
});

test('the tests find a step that does more when it runs again', async () => {
  const one = kind(countsAgain);
  await assert.rejects(checkRepeat([one], one, harness), { name: bad.name });
});

test('the tests find an undo that takes back more when it runs again', async () => {
  const one = kind(undoesTooMuch);
  await assert.rejects(checkRepeatedUndo([one], one, harness), { name: bad.name });
});

test('the tests find an operation that fails by itself', async () => {
  const one = kind({ name: 'fail', run: () => Promise.reject(new Error('no')) });
  await assert.rejects(checkRepeat([one], one, harness), { name: bad.name });
});
