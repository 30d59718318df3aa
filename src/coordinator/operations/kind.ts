/**
 * What an operation is made of: steps in a literal table. Rules for steps, held by conformance.ts:
 *
 * 1. A step is safe to repeat: run again after a crash, it finds what it did and goes on.
 * 2. `undo` finds its step done, half done or not done, and is safe to repeat too.
 * 3. A step that waits heeds `signal`; what it found out and later steps need, it remembers before it
 *    relies on it.
 */
import type { Thing } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { Json } from '../store/store.ts';

export type JsonRecord = { readonly [key: string]: Json };

/** What the engine gives a step; a room that needs more equips it (`equip` of createOperations). */
export interface StepWork {
  readonly operationId: string;
  readonly target: Thing;
  readonly input: JsonRecord;
  /** What earlier steps, or an earlier run of this one, have remembered; up to date at every look. */
  readonly memory: JsonRecord;
  /** By whose hand the operation runs. Rights were asked when it was submitted: it may do anything now. */
  readonly caller: Caller;
  /** Aborts when the operation is cancelled or overtaken, and when this coordinator stops running it. */
  readonly signal: AbortSignal;
  /** Commits under the lease: one who no longer runs the operations writes nothing. Errors: LeaseLost; those of the store. */
  readonly commit: Coordinator['commit'];
  /** Stores what later steps, or the next run of this one, need to know. */
  remember(values: JsonRecord): Promise<void>;
  /** What the operation has brought: stored with the end of the step, or with what is remembered before, and shown with it from then on. */
  conclude(values: JsonRecord): Promise<void>;
  /** How far the step has come; passing, not stored. */
  tell(progress: number | null, note: string | null): void;
}

export interface StepDefinition<W> {
  /** Unique within its kind; at most 64 characters. */
  readonly name: string;
  readonly run: (work: W) => Promise<void>;
  readonly undo?: (work: W) => Promise<void>;
  /**
   * `no-way-back`: once this step has begun the operation cannot be cancelled or overtaken, and what fails
   * from here on undoes nothing. `stays`: what it does is not taken back although steps before it are; a
   * shutdown that was waited for too long is still a shutdown.
   */
  readonly way?: 'no-way-back' | 'stays';
}

export interface OperationKind<W> {
  /** vm.turn-on, image.build. */
  readonly action: string;
  /** At least one, at most 64. */
  readonly steps: readonly StepDefinition<W>[];
}
