/**
 * A guest that moves as it works, between hosts in memory: whatever is cut off, fails or is cancelled at whichever moment, it
 * never works twice, and at the end once, on the host that its document names.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Fault } from '#lib';
import type { LinkMethod, Operation } from '#api';
import type { OperationsEngine } from '../../operations/engine.ts';
import { OperationWorlds, type Between } from '../../testing/operation-worlds.ts';
import type { Work } from '../work.ts';
import { migrateKind } from './migrate-steps.ts';

let worlds: OperationWorlds;
before(async () => {
  worlds = await OperationWorlds.open();
});
after(() => worlds[Symbol.asyncDispose]());

type Point = LinkMethod | 'commit';

/** What happens at a moment of the move: before the host or the store has done what it is asked, or after that. */
interface Moment {
  /** How many were before it. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

interface Plan {
  readonly state?: 'running' | 'paused';
  /** The coordinator is killed then, and another one goes on. */
  readonly kill?: Moment;
  /** That call fails. */
  readonly fail?: Moment;
  /** It is cancelled then. */
  readonly cancel?: Moment;
  /** Before it is asked for the `time`th time; may throw. */
  readonly upset?: (point: Point, time: number, world: World) => void;
}

type World = Awaited<ReturnType<OperationWorlds['make']>>;

interface Outcome {
  readonly operation: Operation;
  readonly points: readonly Point[];
  readonly on: 'first' | 'other';
}

const limitMs = 30_000;

/** Hosts on which its guest executes. */
function executing({ host, other, vmId }: World): readonly string[] {
  return [host, other].flatMap(({ hostId, machines, moves }) => {
    const machine = machines.get(vmId);
    const works = machine?.state === 'running' || machine?.state === 'paused';
    return works && !moves.standsStill(vmId) ? [hostId] : [];
  });
}

async function move(plan: Plan): Promise<Outcome> {
  const points: Point[] = [];
  const reached = Promise.withResolvers<void>();
  const died = Promise.withResolvers<never>();
  died.promise.catch(() => undefined);
  let engine: OperationsEngine<Work> | undefined;
  let operationId = '';
  const befall = async (at: number, when: Moment['when']): Promise<void> => {
    const isIt = (moment?: Moment): boolean => moment?.at === at && moment.when === when;
    if (isIt(plan.kill)) {
      reached.resolve();
      await died.promise;
    }
    if (isIt(plan.fail)) throw new Fault('unavailable', 'it fails for the test');
    // Past the point of no return it is refused.
    if (isIt(plan.cancel)) await engine?.cancel(operationId, world.caller).catch(() => undefined);
  };
  const between: Between = async (point, _hostId, ask) => {
    if (engine === undefined) return await ask();
    const at = points.push(point) - 1;
    plan.upset?.(point, points.filter((one) => one === point).length, world);
    await befall(at, 'before');
    const answer = await ask();
    const guests = executing(world);
    assert.ok(guests.length <= 1, `it works twice after ${point} (${at})`);
    await befall(at, 'after');
    return answer;
  };
  await using world: World = await worlds.make('vm.migrate', {
    state: plan.state ?? 'running',
    between,
  });
  const first = world.engine([migrateKind]);
  operationId = (await first.submit(world.caller, world.submission, world.along)).id;
  engine = first;
  await first.start();
  await Promise.race([reached.promise, first.wait(operationId, limitMs)]);
  if (plan.kill !== undefined) {
    const gone = first[Symbol.asyncDispose]();
    died.reject(new Fault('unavailable', 'the coordinator was killed'));
    await gone;
    engine = world.engine([migrateKind]);
    await engine.start();
  }
  const operation = await engine.wait(operationId, limitMs);
  assert.ok(operation.endedAt !== null, `it is still ${operation.state}`);
  const hostId = worlds.vm(world.vmId)?.hostId;
  assert.deepEqual(executing(world), [hostId], 'it works once, where its document says');
  const host = [world.host, world.other].find((one) => one.hostId === hostId);
  assert.equal(host?.machines.get(world.vmId)?.state, plan.state ?? 'running');
  return { operation, points, on: host === world.host ? 'first' : 'other' };
}

/** Each moment of a move that nothing befalls, and of what the plan makes of it. */
async function moments(plan: Plan = {}): Promise<Moment[]> {
  const { points } = await move(plan);
  return points.flatMap((_, at) => [
    { at, when: 'before' as const },
    { at, when: 'after' as const },
  ]);
}

for (const state of ['running', 'paused'] as const)
  void test(`a ${state} guest moves, and it is told how long it stood still and what was sent`, async () => {
    const { operation, points, on } = await move({ state });
    assert.deepEqual([operation.state, on], ['done', 'other'], JSON.stringify(operation.fault));
    const { stoodMs, ...result } = operation.result ?? {};
    assert.deepEqual(
      { ...result, host: typeof result['host'] },
      { host: 'string', sentBytes: 4096 },
    );
    assert.ok(typeof stoodMs === 'number' && stoodMs >= 5, String(stoodMs));
    const calls = points.filter((point) => point !== 'commit');
    const moment = calls.indexOf('machine.departure.hand-over');
    assert.deepEqual(calls.slice(moment), [
      'machine.departure.hand-over',
      'machine.arrival.end',
      'machine.departure.end',
    ]);
    // While it stands still nothing is done but to write down that it was handed over, that it is there, and the steps.
    const still = points.slice(points.indexOf('machine.departure.hand-over') + 1);
    assert.equal(still.indexOf('machine.arrival.end'), 4, still.join(' '));
  });

void test('a coordinator that is killed at any moment leaves one guest at most, and the next one moves it', async () => {
  const { points: calm } = await move({});
  const all = await moments();
  assert.ok(all.length > 30, `${all.length} moments`);
  for (const kill of all) {
    const { operation, on, points } = await move({ kill });
    assert.deepEqual([operation.state, on], ['done', 'other'], wordsFor(points, kill));
    // What is known to be handed over is not handed over again.
    const written = calm.indexOf('machine.departure.hand-over') + 1;
    const isKnown = kill.at > written || (kill.at === written && kill.when === 'after');
    if (!isKnown) continue;
    const times = points.filter((point) => point === 'machine.departure.hand-over').length;
    assert.equal(times, 1, wordsFor(points, kill));
  }
});

/** Whether it could still be taken back, by the moments of a move that nothing befalls. */
function isEarly(points: readonly Point[], { at, when }: Moment): boolean {
  const noReturn = points.indexOf('machine.arrival.end') - 1;
  return at < noReturn || (at === noReturn && when === 'before');
}

const wordsFor = (points: readonly Point[], { at, when }: Moment): string =>
  `${when} ${points[at]} (${at})`;

void test('cancelled at any moment before there is no way back, it goes on where it was', async () => {
  const { points } = await move({});
  for (const cancel of await moments()) {
    const { operation, on } = await move({ cancel });
    const expected = isEarly(points, cancel) ? ['cancelled', 'first'] : ['done', 'other'];
    assert.deepEqual([operation.state, on], expected, wordsFor(points, cancel));
  }
});

void test('where a call fails, at whichever moment, it goes on where it was', async () => {
  const { points } = await move({});
  for (const fail of await moments()) {
    const point = points[fail.at];
    if (point === 'commit') continue;
    const { operation, on } = await move({ fail });
    // A stream of files that breaks is followed by another one.
    const isFile = point === 'machine.departure.send' || point === 'machine.arrival.receive';
    const goesBack = isEarly(points, fail) && !isFile;
    const expected = goesBack ? ['failed', 'first'] : ['done', 'other'];
    assert.deepEqual([operation.state, on], expected, wordsFor(points, fail));
  }
});

void test('a guest that the other host has lost goes on where it was, also if the coordinator is killed on the way back', async () => {
  const lost: Plan = {
    upset: (point, time, { other }) => {
      if (point === 'machine.arrival.end' && time === 1) other.moves.lose();
    },
  };
  const { operation, on, points } = await move(lost);
  assert.deepEqual([operation.state, operation.fault?.code, on], ['failed', 'not-found', 'first']);
  for (let at = points.indexOf('machine.arrival.end'); at < points.length; at += 1)
    for (const when of ['before', 'after'] as const) {
      const after = await move({ ...lost, kill: { at, when } });
      assert.deepEqual([after.operation.state, after.on], ['failed', 'first'], `${when} ${at}`);
    }
});

void test('a host that has said once that it lost the guest is not asked again, though it has it by then', async () => {
  const lost: Plan = {
    upset: (point, time) => {
      if (point === 'machine.arrival.end' && time === 1)
        throw new Fault('not-found', 'nothing of it is here');
    },
  };
  const { operation, on, points } = await move(lost);
  assert.deepEqual([operation.state, on], ['failed', 'first']);
  const written = points.indexOf('machine.arrival.end') + 1;
  for (let at = written; at < points.length; at += 1)
    for (const when of ['before', 'after'] as const) {
      const after = await move({ ...lost, kill: { at, when } });
      // Until its document names the first host again nothing has gone on there.
      const isAsked = at === written && when === 'before';
      assert.deepEqual(
        [after.operation.state, after.on],
        isAsked ? ['done', 'other'] : ['failed', 'first'],
        wordsFor(points, { at, when }),
      );
    }
});

void test('where its stream breaks it goes on where it was, also if the coordinator is killed while all is undone', async () => {
  const broken: Plan = {
    upset: (point) => {
      if (point === 'machine.departure.hand-over')
        throw new Fault('unavailable', 'a stream of the guest broke');
    },
  };
  const { points } = await move(broken);
  for (let at = points.indexOf('machine.departure.hand-over'); at < points.length; at += 1)
    for (const when of ['before', 'after'] as const) {
      const { operation, on } = await move({ ...broken, kill: { at, when } });
      assert.deepEqual(
        [operation.state, operation.fault?.message, on],
        ['failed', 'a stream of the guest broke', 'first'],
        wordsFor(points, { at, when }),
      );
    }
});

void test('it need not wait for a host that is away before it goes on where it was', async () => {
  const { operation, on, points } = await move({
    upset: (point, _time, { other }) => {
      if (point !== 'machine.departure.hand-over') return;
      other.away = true;
      throw new Fault('unavailable', 'a stream of the guest broke');
    },
  });
  assert.deepEqual([operation.state, on], ['failed', 'first']);
  const after = points.slice(points.indexOf('machine.departure.hand-over') + 1);
  const [first] = after.filter((point) => point !== 'commit');
  assert.equal(first, 'machine.departure.cancel');
});

void test('a host that is away when the guest is to go on there is waited for', async () => {
  const { operation, on, points } = await move({
    upset: (point, time) => {
      if (point === 'machine.arrival.end' && time === 1)
        throw new Fault('unavailable', 'it is away');
    },
  });
  assert.deepEqual([operation.state, on], ['done', 'other']);
  const { stoodMs } = operation.result ?? {};
  assert.ok(
    typeof stoodMs === 'number' && stoodMs >= 1000,
    `${String(stoodMs)} ms, the wait among them`,
  );
  assert.equal(points.filter((point) => point === 'machine.arrival.end').length, 2);
});
