import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '#lib';
import { installationId, type Operation } from '#api';
import type { OperationDocument } from '../documents.ts';
import { idOf, vmData } from '../inventory/testing/documents.ts';
import type { StepDefinition, StepWork } from './kind.ts';
import { ann, refusal, started, submit, written } from './testing/steps.ts';
import { makeWorld, vmThing } from './testing/world.ts';

test('API-19 answers at once with an operation that can be watched and waited for', async () => {
  await using world = await makeWorld(['web']);
  const go = Promise.withResolvers<void>();
  await using engine = await started(world, {
    action: 'vm.turn-on',
    steps: [
      { name: 'first', run: (work) => work.remember({ found: 7 }) },
      { name: 'second', run: () => go.promise },
      { name: 'third', run: (work) => work.conclude({ answer: work.memory['found'] ?? null }) },
    ],
  });
  const begun = await submit(engine, 'vm.turn-on');
  assert.equal(finishedOrNot(begun), 'unfinished');
  const states: string[] = [];
  world.inventory.onChange(() => states.push(world.inventory.operation(begun.id)?.state ?? ''));
  assert.equal(finishedOrNot(await engine.wait(begun.id, 1)), 'unfinished');
  go.resolve();
  const ended = await engine.wait(begun.id, 10_000);
  assert.equal(ended.state, 'done');
  assert.equal(ended.progress, 1);
  assert.deepEqual(ended.result, { answer: 7 });
  assert.equal(ended.actor, 'ann');
  assert.equal(ended.correlationId, ann.correlationId);
  assert.deepEqual(
    ended.steps.map(({ name, state }) => `${name} ${state}`),
    ['first done', 'second done', 'third done'],
  );
  assert.ok(states.includes('running') && states.includes('done'));
});

function finishedOrNot({ endedAt }: Operation): string {
  return endedAt === null ? 'unfinished' : 'finished';
}

test('is stored with what belongs to its beginning, before it runs', async () => {
  await using world = await makeWorld(['web']);
  const seen: (string | undefined)[] = [];
  await using engine = await started(world, {
    action: 'vm.create',
    steps: [
      {
        name: 'look',
        run: async ({ operationId }) => {
          const stored = await world.store.read('operation', operationId);
          assert.ok(stored !== undefined);
          const { state, steps } = stored.data as unknown as OperationDocument;
          seen.push(state, steps[0]?.state);
          seen.push((await world.store.read('name', 'vm/new'))?.id);
        },
      },
    ],
  });
  const submission = { action: 'vm.create', target: vmThing('new'), input: {} };
  const reserve = {
    conditions: [{ kind: 'name', id: 'vm/new', absent: true }],
    writes: [{ kind: 'name', id: 'vm/new', data: {} }],
  } as const;
  const { id } = await engine.submit(ann, submission, reserve);
  await engine.wait(id, 10_000);
  assert.deepEqual(seen, ['running', 'running', 'vm/new']);
  const other = { ...submission, target: vmThing('other') };
  await refusal(engine.submit(ann, other, reserve), 'exists');
  assert.equal(world.inventory.count('operation'), 1);
});

test('what a step has brought is written with its end, in one commit, also where it fails', async () => {
  await using world = await makeWorld(['web']);
  const broken = new Fault('unavailable', 'it broke afterwards');
  for (const [end, state, version] of [
    [undefined, 'done', 3],
    [broken, 'failed', 4],
  ] as const) {
    const run = async (work: StepWork): Promise<void> => {
      await work.conclude({ found: 7 });
      await work.conclude({ made: 'web' });
      if (end !== undefined) throw end;
    };
    await using engine = await started(world, {
      action: 'vm.pause',
      steps: [{ name: 'act', run }],
    });
    const { id } = await submit(engine, 'vm.pause');
    const ended = await engine.wait(id, 10_000);
    assert.equal(ended.state, state);
    assert.deepEqual(ended.result, { found: 7, made: 'web' });
    // Stored, begun, and at its end; one that has failed is on its way back before.
    assert.equal((await world.store.read('operation', id))?.version, version);
  }
});

test('undoes every step in reverse order when one fails, and keeps the fault', async () => {
  await using world = await makeWorld(['web']);
  const log: string[] = [];
  const steps = written(log, ['one', 'two', 'three', 'four'], ['three']);
  await using engine = await started(world, { action: 'vm.create', steps });
  const { id } = await submit(engine, 'vm.create');
  const ended = await engine.wait(id, 10_000);
  assert.deepEqual(log, ['one', 'two', 'three', 'undo three', 'undo two', 'undo one']);
  assert.equal(ended.state, 'failed');
  assert.equal(ended.fault?.code, 'unavailable');
  assert.equal(ended.fault?.message, 'three is broken');
  assert.equal(ended.fault?.hint, 'mend it');
  assert.deepEqual(
    ended.steps.map(({ state }) => state),
    ['undone', 'undone', 'undone', 'skipped'],
  );
});

test('an undo that fails is tried again, then told, and the others are undone all the same', async () => {
  await using world = await makeWorld(['web']);
  const log: string[] = [];
  let attempts = 0;
  const [one, two, three] = written(log, ['one', 'two', 'three'], ['three']);
  assert.ok(one && two && three);
  const stubborn: StepDefinition<StepWork> = {
    ...two,
    undo: () => {
      attempts += 1;
      return Promise.reject(new Fault('unavailable', 'the host is away'));
    },
  };
  await using engine = await started(world, { action: 'vm.create', steps: [one, stubborn, three] });
  const { id } = await submit(engine, 'vm.create');
  const ended = await engine.wait(id, 20_000);
  assert.equal(attempts, 3);
  assert.equal(log.at(-1), 'undo one');
  assert.deepEqual(ended.fault?.facts?.['notUndone'], [
    'two could not be undone: the host is away',
  ]);
  assert.equal(ended.steps[1]?.state, 'failed');
});

test('from the point of no return on nothing is undone and nobody can cancel', async () => {
  await using world = await makeWorld(['web']);
  const log: string[] = [];
  const go = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const [one, two, three] = written(log, ['one', 'two', 'three'], ['three']);
  assert.ok(one && two && three);
  const point: StepDefinition<StepWork> = {
    ...two,
    way: 'no-way-back',
    run: () => {
      begun.resolve();
      return go.promise;
    },
  };
  await using engine = await started(world, { action: 'vm.delete', steps: [one, point, three] });
  const { id } = await submit(engine, 'vm.delete');
  await begun.promise;
  await refusal(engine.cancel(id, ann), 'refused');
  go.resolve();
  const ended = await engine.wait(id, 10_000);
  assert.equal(ended.state, 'failed');
  assert.deepEqual(log, ['one', 'three', 'undo three']);
});

test('events of a failure are written with its end', async () => {
  await using world = await makeWorld(['web']);
  const steps = written([], ['act'], ['act']);
  await using engine = world.engine([{ action: 'vm.turn-on', steps }], {
    failureEvents: ({ target, actor, correlationId, action }, _id, { message }) => [
      {
        name: 'vm.task-failed',
        target,
        ancestors: [{ kind: 'installation', id: installationId, name: 'here' }],
        actor,
        origin: null,
        correlationId,
        attributes: { operation: action, reason: message, state: 'off' },
      },
    ],
  });
  await engine.start();
  const { id } = await submit(engine, 'vm.turn-on');
  await engine.wait(id, 10_000);
  const [event, ...others] = await world.store.events({
    about: idOf('web'),
    newestFirst: 'newest-first',
    limit: 10,
  });
  assert.deepEqual(others, []);
  assert.equal(event?.name, 'vm.task-failed');
  assert.equal(event?.correlationId, ann.correlationId);
  assert.deepEqual(event?.attributes, {
    operation: 'vm.turn-on',
    reason: 'act is broken',
    state: 'off',
  });
});

test('tells how far a step has come, now and then, without writing it', async () => {
  await using world = await makeWorld(['web']);
  const told: (number | null | undefined)[] = [];
  await using engine = await started(world, {
    action: 'vm.save',
    steps: [
      {
        name: 'write',
        run: async (work) => {
          const { operationId } = work;
          const head = await world.store.head();
          for (let percent = 0; percent <= 100; percent += 1)
            work.tell(percent / 100, `${percent} %`);
          await new Promise((resolve) => setTimeout(resolve, 300));
          told.push(world.inventory.operation(operationId)?.steps[0]?.progress);
          assert.equal(await world.store.head(), head);
        },
      },
    ],
  });
  let changes = 0;
  world.inventory.onChange(({ things }) => {
    if (things.some(({ how }) => how === 'sampled')) changes += 1;
  });
  const { id } = await submit(engine, 'vm.save');
  assert.equal((await engine.wait(id, 10_000)).state, 'done');
  assert.deepEqual(told, [1]);
  assert.ok(changes <= 3, `${changes} changes were told`);
});

test('an operation without a vm of its own finds its host in its input', async () => {
  await using world = await makeWorld([]);
  await using engine = await started(world, { action: 'vm.create', steps: written([], ['make']) });
  const submission = { action: 'vm.create', target: vmThing('new'), input: { hostId: idOf('h1') } };
  const { id } = await engine.submit(ann, submission, {
    writes: [{ kind: 'vm', id: idOf('other'), data: vmData('other') }],
  });
  assert.equal((await engine.wait(id, 10_000)).state, 'done');
});
