/**
 * The two tests that every operation must pass, whatever it does; the table of kinds is their input:
 *
 * 1. It fails at each step in turn, once before the step has done anything and once after it has done
 *    everything, and all that was done is undone. What a step declares to stay, stays.
 * 2. Every step runs twice, and so does every undo, with the same result as once: what a crash between a
 *    step and the note of its end leads to.
 *
 * A harness makes the worlds to run in and says what they look like; `testOperationKinds` is called by the
 * test of the room that has the kinds.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Fault, type Clock } from '#lib';
import type { Operation } from '#api';
import type { Caller, Submission } from '../context.ts';
import type { Commit } from '../store/store.ts';
import type { OperationsEngine } from './engine.ts';
import type { OperationKind, StepDefinition } from './kind.ts';

/** A new world in which the operation can succeed. */
export interface OperationWorld<W> extends AsyncDisposable {
  /** An engine that has just these kinds, not yet started; the world ends it. */
  engine(kinds: readonly OperationKind<W>[], clock?: Clock): OperationsEngine<W>;
  readonly caller: Caller;
  readonly submission: Submission;
  /** What the verb commits with the operation, for example the reservation of a name. */
  readonly along?: Commit;
  /** Everything the operation may change, without what differs from run to run (ids, times, counters). */
  snapshot(): Promise<unknown>;
}

export interface Harness<W> {
  world(action: string): Promise<OperationWorld<W>>;
}

const limitMs = 30_000;

/** All the tests of all kinds. */
export function testOperationKinds<W>(
  kinds: readonly OperationKind<W>[],
  harness: Harness<W>,
): void {
  for (const kind of kinds) {
    describe(`the operation ${kind.action}`, () => {
      for (const [at, step] of kind.steps.entries()) {
        for (const when of ['before', 'after'] as const) {
          test(`is undone when it fails ${when} its step ${step.name}`, () =>
            checkFailure(kinds, kind, at, when, harness));
        }
      }
      test('leads to the same when every step runs twice', () => checkRepeat(kinds, kind, harness));
      test('is undone the same when every undo runs twice', () =>
        checkRepeatedUndo(kinds, kind, harness));
    });
  }
}

/** Fails at the step and looks whether all is as it was. */
export async function checkFailure<W>(
  kinds: readonly OperationKind<W>[],
  kind: OperationKind<W>,
  at: number,
  when: 'before' | 'after',
  harness: Harness<W>,
): Promise<void> {
  const failing = withStep(kind, at, (step) => failingStep(step, when));
  await using world = await harness.world(kind.action);
  const before = await world.snapshot();
  const ended = await runThrough(world, kinds, failing);
  assert.equal(ended.state, 'failed');
  assert.equal(ended.fault?.message, injected);
  assert.equal(ended.fault.facts?.['notUndone'], undefined, 'a step could not be undone');
  const done = kind.steps.slice(0, when === 'after' ? at + 1 : at);
  if (done.some((step) => step.way !== undefined)) return;
  // It has begun, and so there is no way back for what was done before it.
  if (at > 0 && kind.steps[at]?.way === 'no-way-back') return;
  assert.deepEqual(await world.snapshot(), before, `not all is undone after ${stepName(kind, at)}`);
}

/** Runs every step twice and looks whether the world is as after once. */
export async function checkRepeat<W>(
  kinds: readonly OperationKind<W>[],
  kind: OperationKind<W>,
  harness: Harness<W>,
): Promise<void> {
  const once = await outcome(kinds, kind, harness);
  const twice = await outcome(kinds, withEveryStep(kind, runTwice), harness);
  assert.equal(once.state, 'done', `it fails by itself: ${once.fault?.message ?? ''}`);
  assert.equal(twice.state, 'done', `it fails when repeated: ${twice.fault?.message ?? ''}`);
  assert.deepEqual(twice.snapshot, once.snapshot);
}

/** Fails after the last step, undoing everything twice, and looks whether all is as after undoing once. */
export async function checkRepeatedUndo<W>(
  kinds: readonly OperationKind<W>[],
  kind: OperationKind<W>,
  harness: Harness<W>,
): Promise<void> {
  const last = kind.steps.length - 1;
  const failing = withStep(kind, last, (step) => failingStep(step, 'after'));
  const once = await outcome(kinds, failing, harness);
  const twice = await outcome(kinds, withEveryStep(failing, undoTwice), harness);
  assert.equal(twice.fault?.message, injected);
  assert.equal(twice.fault.facts?.['notUndone'], undefined, 'a step could not be undone twice');
  assert.deepEqual(twice.snapshot, once.snapshot);
}

const injected = 'this step fails for the test';

async function outcome<W>(
  kinds: readonly OperationKind<W>[],
  kind: OperationKind<W>,
  harness: Harness<W>,
): Promise<Pick<Operation, 'state' | 'fault'> & { readonly snapshot: unknown }> {
  await using world = await harness.world(kind.action);
  const { state, fault } = await runThrough(world, kinds, kind);
  return { state, fault, snapshot: await world.snapshot() };
}

/** Runs the changed kind; what its steps submit are the kinds as they are. */
async function runThrough<W>(
  world: OperationWorld<W>,
  kinds: readonly OperationKind<W>[],
  changed: OperationKind<W>,
): Promise<Operation> {
  const others = kinds.filter((kind) => kind.action !== changed.action);
  const engine = world.engine([...others, changed]);
  await engine.start();
  const { id } = await engine.submit(world.caller, world.submission, world.along);
  const ended = await engine.wait(id, limitMs);
  assert.notEqual(ended.endedAt, null, `it is still ${ended.state} after ${limitMs} ms`);
  return ended;
}

function stepName<W>(kind: OperationKind<W>, at: number): string {
  return kind.steps[at]?.name ?? '';
}

function withStep<W>(
  kind: OperationKind<W>,
  at: number,
  change: (step: StepDefinition<W>) => StepDefinition<W>,
): OperationKind<W> {
  return { ...kind, steps: kind.steps.map((step, index) => (index === at ? change(step) : step)) };
}

function withEveryStep<W>(
  kind: OperationKind<W>,
  change: (step: StepDefinition<W>) => StepDefinition<W>,
): OperationKind<W> {
  return { ...kind, steps: kind.steps.map(change) };
}

function failingStep<W>(step: StepDefinition<W>, when: 'before' | 'after'): StepDefinition<W> {
  return {
    ...step,
    run: async (work) => {
      if (when === 'after') await step.run(work);
      throw new Fault('internal', injected);
    },
  };
}

function runTwice<W>(step: StepDefinition<W>): StepDefinition<W> {
  return {
    ...step,
    run: async (work) => {
      await step.run(work);
      await step.run(work);
    },
  };
}

function undoTwice<W>(step: StepDefinition<W>): StepDefinition<W> {
  const { undo } = step;
  if (undo === undefined) return step;
  return {
    ...step,
    undo: async (work) => {
      await undo(work);
      await undo(work);
    },
  };
}
