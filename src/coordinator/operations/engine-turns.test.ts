import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitFresh } from '../app/commit-fresh.ts';
import type { StepDefinition, StepWork } from './kind.ts';
import { lockHolder } from './lock.ts';
import { maxRunningPerHost, overtakeGraceMs } from './policy.ts';
import { HeldClock } from './testing/clock.ts';
import { ann, hanging, nothing, refusal, started, submit, written } from './testing/steps.ts';
import { callerNamed, makeWorld, vmThing } from './testing/world.ts';

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

test('what an operation makes beside its target is its own until its end', async () => {
  await using world = await makeWorld(['web', 'copy']);
  const { step, begun } = hanging();
  await using engine = await started(
    world,
    { action: 'vm.clone', steps: [step] },
    { action: 'vm.save', steps: written([], ['save']) },
  );
  const makes = vmThing('copy');
  const clone = await engine.submit(ann, {
    action: 'vm.clone',
    target: vmThing('web'),
    makes,
    input: {},
  });
  await begun;
  assert.equal(lockHolder(world.inventory, makes), clone.id);
  await refusal(submit(engine, 'vm.save', 'copy'), 'refused');
  await engine.cancel(clone.id, ann);
  await engine.wait(clone.id, 10_000);
  assert.equal(lockHolder(world.inventory, makes), undefined);
  assert.equal(
    (await engine.wait((await submit(engine, 'vm.save', 'copy')).id, 10_000)).state,
    'done',
  );
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
  await using world = await makeWorld([...names, 'late', 'urgent']);
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
  const name = { kind: 'name', id: 'vm/late' } as const;
  const late = await engine.submit(
    ann,
    { action: 'vm.save', target: vmThing('late'), input: {}, reserves: [name] },
    { writes: [{ ...name, data: { id: 'late' } }] },
  );
  assert.equal(late.state, 'pending');
  assert.ok(world.inventory.document(name.kind, name.id) !== undefined);
  await engine.cancel(late.id, ann);
  assert.equal(world.inventory.document(name.kind, name.id), undefined);
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

test("a step's own commits are refused to an engine whose lease another has, and made by the next one", async () => {
  const clock = new HeldClock();
  await using world = await makeWorld(['web'], clock);
  const runs: string[] = [];
  const go = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const name = { kind: 'name', id: 'vm/late' } as const;
  const writes: StepDefinition<StepWork> = {
    name: 'write',
    run: async (work) => {
      begun.resolve();
      await go.promise;
      runs.push('begun');
      await commitFresh({ commit: work.commit }, () => ({
        writes: [{ ...name, data: { run: runs.length } }],
      }));
      runs.push('written');
    },
  };
  await using engine = await started(world, { action: 'vm.save', steps: [writes] });
  const { id } = await submit(engine, 'vm.save');
  await begun.promise;
  clock.advance(20_000);
  assert.equal((await world.store.acquire('operations', 'another', 60_000))?.epoch, 2);
  go.resolve();
  await world.context.commit({});
  await world.context.commit({});
  assert.equal(world.inventory.document(name.kind, name.id), undefined);
  assert.deepEqual(runs, ['begun']);
  await world.store.release('operations', 'another');
  clock.advance(10_000);
  assert.equal((await engine.wait(id, 60_000)).state, 'done');
  assert.deepEqual(runs, ['begun', 'begun', 'written']);
  assert.equal(world.inventory.document(name.kind, name.id)?.version, 1);
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
