import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, isFault } from '#lib';
import { installationId, type Operation } from '#api';
import type { OperationDocument } from '../documents.ts';
import { idOf, vmData } from '../inventory/testing/documents.ts';
import type { OperationsEngine } from './engine.ts';
import type { OperationKind, StepDefinition, StepWork } from './kind.ts';
import { maxRunningPerHost, overtakeGraceMs } from './policy.ts';
import { HeldClock } from './testing/clock.ts';
import { callerNamed, makeWorld, vmThing, type World } from './testing/world.ts';

type Kind = OperationKind<StepWork>;
const ann = callerNamed('ann');
const nothing = (): Promise<void> => Promise.resolve();

/** Steps that write down what is done and undone; `broken` ones fail after their work. */
function written(
  log: string[],
  names: readonly string[],
  broken: readonly string[] = [],
): StepDefinition<StepWork>[] {
  return names.map((name) => ({
    name,
    run: async () => {
      log.push(name);
      await nothing();
      if (broken.includes(name))
        throw new Fault('unavailable', `${name} is broken`, { hint: 'mend it' });
    },
    undo: async () => {
      log.push(`undo ${name}`);
      await nothing();
    },
  }));
}

/** A step that waits for its signal, and tells when it has begun. */
function hanging(name = 'hang'): {
  readonly step: StepDefinition<StepWork>;
  readonly begun: Promise<void>;
} {
  const begun = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    step: {
      name,
      run: async (work) => {
        begun.resolve();
        await new Promise((_, reject) => {
          work.signal.addEventListener('abort', () => reject(work.signal.reason as Error));
        });
      },
    },
  };
}

async function started(world: World, ...kinds: Kind[]): Promise<OperationsEngine<StepWork>> {
  const engine = world.engine(kinds);
  await engine.start();
  return engine;
}

const submit = (
  engine: OperationsEngine<StepWork>,
  action: string,
  name = 'web',
): Promise<Operation> => engine.submit(ann, { action, target: vmThing(name), input: {} });

async function refusal(work: Promise<unknown>, code: Fault['code']): Promise<Fault> {
  let caught: unknown;
  await work.catch((error: unknown) => (caught = error));
  assert.ok(isFault(caught, code), `expected ${code}, got ${String(caught)}`);
  return caught;
}

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

test('API-19 a cancelled operation stops in its step and is undone', async () => {
  await using world = await makeWorld(['web']);
  const log: string[] = [];
  const { step, begun } = hanging();
  const steps = [...written(log, ['one']), step, ...written(log, ['never'])];
  await using engine = await started(world, { action: 'vm.turn-on', steps });
  const { id } = await submit(engine, 'vm.turn-on');
  await begun;
  assert.equal((await engine.cancel(id, ann)).state, 'cancelling');
  const ended = await engine.wait(id, 10_000);
  assert.equal(ended.state, 'cancelled');
  assert.equal(ended.fault?.message, 'cancelled by ann');
  assert.deepEqual(log, ['one', 'undo one']);
  assert.equal((await engine.cancel(id, ann)).state, 'cancelled');
  await refusal(engine.cancel('none', ann), 'not-found');
});

test('a cancel between two steps begins no further step; one that comes too late is refused', async () => {
  await using world = await makeWorld(['web']);
  const log: string[] = [];
  const go = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const deaf: StepDefinition<StepWork> = {
    name: 'deaf',
    run: async () => {
      begun.resolve();
      await go.promise;
    },
  };
  const kind = { action: 'vm.save', steps: [deaf, ...written(log, ['never'])] };
  await using engine = await started(world, kind, {
    action: 'vm.pause',
    steps: written(log, ['quick']),
  });
  const { id } = await submit(engine, 'vm.save');
  await begun.promise;
  await engine.cancel(id, ann);
  go.resolve();
  const ended = await engine.wait(id, 10_000);
  assert.equal(ended.state, 'cancelled');
  assert.deepEqual(
    ended.steps.map(({ state }) => state),
    ['done', 'skipped'],
  );
  assert.deepEqual(log, []);
  const done = await engine.wait((await submit(engine, 'vm.pause')).id, 10_000);
  assert.equal(done.state, 'done');
  await refusal(engine.cancel(done.id, ann), 'refused');
});

test("somebody else's operation is cancelled only with the right to", async () => {
  await using world = await makeWorld(['web']);
  const { step } = hanging();
  await using engine = await started(world, { action: 'vm.turn-on', steps: [step] });
  const { id } = await submit(engine, 'vm.turn-on');
  await refusal(engine.cancel(id, callerNamed('eve', 'none')), 'forbidden');
  assert.equal((await engine.cancel(id, callerNamed('ann', 'none'))).state, 'cancelling');
  assert.equal((await engine.wait(id, 10_000)).state, 'cancelled');
});

test('a thing has one operation at a time, and a second one is told which', async () => {
  await using world = await makeWorld(['web', 'db']);
  const { step, begun } = hanging();
  const kind = { action: 'vm.save', steps: [step] };
  await using engine = await started(world, kind, {
    action: 'vm.pause',
    steps: written([], ['quick']),
  });
  const first = await submit(engine, 'vm.save');
  await begun;
  const fault = await refusal(submit(engine, 'vm.pause'), 'refused');
  assert.equal(fault.facts['operation'], first.id);
  assert.match(fault.message, /web is busy: vm\.save/);
  const other = await submit(engine, 'vm.pause', 'db');
  assert.equal((await engine.wait(other.id, 10_000)).state, 'done');
  const both = await Promise.allSettled([1, 2].map(() => submit(engine, 'vm.pause', 'db')));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await engine.cancel(first.id, ann);
  await engine.wait(first.id, 10_000);
  const again = await submit(engine, 'vm.pause');
  assert.equal((await engine.wait(again.id, 10_000)).state, 'done');
  assert.equal(world.inventory.count('lock'), 0);
});

test('turning off overtakes a hanging start, which is cancelled and undone first', async () => {
  await using world = await makeWorld(['web']);
  const log: string[] = [];
  const { step, begun } = hanging();
  const hung: StepDefinition<StepWork> = {
    ...step,
    undo: async () => {
      await nothing();
      log.push('undo start');
    },
  };
  await using engine = await started(
    world,
    { action: 'vm.turn-on', steps: [hung] },
    { action: 'vm.turn-off', steps: written(log, ['off']) },
  );
  const start = await submit(engine, 'vm.turn-on');
  await begun;
  const off = await submit(engine, 'vm.turn-off');
  assert.equal((await engine.wait(off.id, 10_000)).state, 'done');
  assert.deepEqual(log, ['undo start', 'off']);
  const overtaken = await engine.wait(start.id, 10_000);
  assert.equal(overtaken.state, 'cancelled');
  assert.equal(overtaken.fault?.message, 'vm.turn-on of web was overtaken by vm.turn-off');
  assert.equal(overtaken.fault?.facts?.['by'], off.id);
  assert.equal(world.inventory.count('lock'), 0);
});

test('turning off does not wait for ever for a start that heeds no signal', async () => {
  const clock = new HeldClock();
  await using world = await makeWorld(['web'], clock);
  const log: string[] = [];
  const go = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const deaf: StepDefinition<StepWork> = {
    name: 'deaf',
    run: () => {
      begun.resolve();
      return go.promise;
    },
  };
  await using engine = await started(
    world,
    { action: 'vm.turn-on', steps: [deaf, ...written(log, ['never'])] },
    { action: 'vm.turn-off', steps: written(log, ['off']) },
  );
  const start = await submit(engine, 'vm.turn-on');
  await begun.promise;
  const off = await submit(engine, 'vm.turn-off');
  assert.equal(off.state, 'pending');
  clock.advance(overtakeGraceMs);
  assert.equal((await engine.wait(off.id, 60_000)).state, 'done');
  assert.deepEqual(log, ['off']);
  go.resolve();
  assert.equal((await engine.wait(start.id, 60_000)).state, 'cancelled');
});

test('so many run on a host at once, the others wait in line, and turning off waits for none', async () => {
  const names = Array.from({ length: maxRunningPerHost + 3 }, (_, n) => `vm-${n}`);
  await using world = await makeWorld([...names, 'urgent']);
  let running = 0;
  let most = 0;
  const go = Promise.withResolvers<void>();
  const step: StepDefinition<StepWork> = {
    name: 'wait',
    run: async () => {
      running += 1;
      most = Math.max(most, running);
      await go.promise;
      running -= 1;
    },
  };
  await using engine = await started(
    world,
    { action: 'vm.save', steps: [step] },
    { action: 'vm.turn-off', steps: written([], ['off']) },
  );
  const all = await Promise.all(names.map((name) => submit(engine, 'vm.save', name)));
  const urgent = await submit(engine, 'vm.turn-off', 'urgent');
  assert.equal((await engine.wait(urgent.id, 10_000)).state, 'done');
  assert.equal(running, maxRunningPerHost);
  const inLine = all.filter(({ id }) => world.inventory.operation(id)?.state === 'pending');
  assert.equal(inLine.length, 3);
  const [waiting] = inLine;
  assert.ok(waiting !== undefined);
  await engine.cancel(waiting.id, ann);
  assert.equal((await engine.wait(waiting.id, 10_000)).state, 'cancelled');
  go.resolve();
  const ends = await Promise.all(all.map(({ id }) => engine.wait(id, 10_000)));
  assert.equal(ends.filter(({ state }) => state === 'done').length, names.length - 1);
  assert.equal(most, maxRunningPerHost);
});

test('goes on where it was when another engine takes over, in the direction in which it went', async () => {
  await using world = await makeWorld(['web', 'db']);
  const log: string[] = [];
  const { step, begun } = hanging('two');
  const undoing = hanging('undo');
  const [one, three] = written(log, ['one', 'three'], ['three']);
  assert.ok(one && three);
  const stuckUndo: StepDefinition<StepWork> = { ...three, undo: undoing.step.run };
  const first = await started(
    world,
    { action: 'vm.save', steps: [one, step] },
    { action: 'vm.create', steps: [one, stuckUndo] },
  );
  const forth = await submit(first, 'vm.save');
  const back = await submit(first, 'vm.create', 'db');
  await Promise.all([begun, undoing.begun]);
  await first[Symbol.asyncDispose]();
  assert.equal(world.inventory.operation(forth.id)?.state, 'running');
  log.length = 0;
  const second = world.engine([
    { action: 'vm.save', steps: [one, ...written(log, ['two'])] },
    { action: 'vm.create', steps: [one, three] },
  ]);
  await using engine = second;
  assert.equal((await engine.start()).recovered, 2);
  assert.equal((await engine.wait(forth.id, 10_000)).state, 'done');
  const failed = await engine.wait(back.id, 10_000);
  assert.equal(failed.state, 'failed');
  assert.equal(failed.fault?.message, 'three is broken');
  assert.deepEqual(log.toSorted(), ['two', 'undo one', 'undo three']);
});

test('an engine that has lost its lease writes nothing more, and the next one goes on', async () => {
  const clock = new HeldClock();
  await using world = await makeWorld(['web'], clock);
  const log: string[] = [];
  const go = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow: StepDefinition<StepWork> = {
    name: 'slow',
    run: async (work) => {
      begun.resolve();
      await go.promise;
      await work.remember({ late: true });
      log.push('remembered');
    },
  };
  await using engine = await started(world, {
    action: 'vm.save',
    steps: [slow, ...written(log, ['next'])],
  });
  const { id } = await submit(engine, 'vm.save');
  await begun.promise;
  // As after a pause of this process that outlasted the lease: another one has taken it.
  clock.advance(20_000);
  const taken = await world.store.acquire('operations', 'another', 60_000);
  assert.equal(taken?.epoch, 2);
  const before = world.inventory.document('operation', id)?.version;
  go.resolve();
  await world.context.commit({});
  await world.context.commit({});
  assert.equal(world.inventory.document('operation', id)?.version, before);
  assert.deepEqual(log, []);
  await world.store.release('operations', 'another');
  clock.advance(10_000);
  assert.equal((await engine.wait(id, 60_000)).state, 'done');
  assert.deepEqual(log, ['remembered', 'next']);
});

test('an operation that another version began is failed, not guessed at', async () => {
  await using world = await makeWorld(['web']);
  const { step, begun } = hanging();
  const first = await started(world, { action: 'vm.old', steps: [step] });
  const { id } = await submit(first, 'vm.old');
  await begun;
  await first[Symbol.asyncDispose]();
  await using engine = await started(world, { action: 'vm.old', steps: written([], ['other']) });
  const ended = await engine.wait(id, 10_000);
  assert.equal(ended.state, 'failed');
  assert.equal(ended.fault?.code, 'unsupported');
  assert.equal(world.inventory.count('lock'), 0);
});

test('EVT-41 VM-82 events of a failure are written with its end', async () => {
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
