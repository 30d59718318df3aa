/**
 * One operation on its way. What is written is always ahead of what is done: a step is stored as running
 * before it runs, and its end with what it has brought and the beginning of the next one in one commit.
 *
 *   pending --> running: step 0, 1, 2 ... --> done
 *                  | a step fails                | cancel
 *                  v                             v
 *               running with a fault         cancelling
 *                  '--> undo of this step, 1, 0 --> failed | cancelled
 *
 * After a crash it goes on at the step where it was, in the direction in which it went. When the lease is
 * lost it stops where it is and writes nothing more.
 */
import { abortReason, describeFault, Fault, faultToData, type Clock, type FaultData } from '#lib';
import type { Log } from '#log';
import type { Caller } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { NewEvent } from '../store/store.ts';
import {
  beginStep,
  endOperation,
  failStep,
  finishStep,
  isFinished,
  isGoingBack,
  withResult,
  withStep,
} from './document.ts';
import type { JsonRecord, OperationKind, StepDefinition, StepWork } from './kind.ts';
import { LeaseLost, type Holding } from './lease-keeper.ts';
import { giveLocks } from './lock.ts';
import { ProgressTeller } from './progress.ts';
import type { Change, Records } from './records.ts';

const undoAttempts = 3;
const undoPauseMs = 1_000;
const maxNote = 300;

/** The operation as it is about to fail, and why: what events there are of it, written with its end. */
export type FailureEvents = (
  operation: OperationDocument,
  operationId: string,
  fault: FaultData,
) => readonly NewEvent[];

export interface RunnerContext<W> {
  readonly records: Records;
  readonly inventory: Inventory;
  readonly clock: Clock;
  readonly log: Log;
  readonly equip: (work: StepWork) => W;
  readonly failureEvents: FailureEvents;
}

export class Runner<W> {
  readonly #context: RunnerContext<W>;
  readonly #id: string;
  readonly #kind: OperationKind<W>;
  readonly #holding: Holding;
  readonly #cancel = new AbortController();
  /** What steps have brought and the document does not say yet: it goes with the next change. */
  #concluded: JsonRecord = {};

  constructor(context: RunnerContext<W>, id: string, kind: OperationKind<W>, holding: Holding) {
    this.#context = context;
    this.#id = id;
    this.#kind = kind;
    this.#holding = holding;
  }

  /** Aborts the step that runs. The document says already that the operation is cancelled. */
  cancel(reason: Fault): void {
    this.#cancel.abort(reason);
  }

  /** Resolves at the operation's end. Errors: LeaseLost: it is not at its end and goes on elsewhere. */
  async run(): Promise<void> {
    if (!isGoingBack(this.#operation)) await this.#goForth();
    if (!isFinished(this.#operation)) await this.#goBack();
  }

  get #operation(): OperationDocument {
    return this.#context.records.get(this.#id);
  }

  async #goForth(): Promise<void> {
    const { steps } = this.#kind;
    await this.#change((one, time) => (one.state === 'pending' ? beginStep(one, 0, time) : one));
    // Cancelled before it began: it is at its end.
    if (isFinished(this.#operation)) return;
    for (let { at } = this.#operation; at < steps.length; at += 1) {
      const fault = await this.#runStep(steps[at], at);
      if (fault !== undefined) {
        await this.#change((one, time) => failStep(one, at, fault, time));
        return;
      }
      if (at === steps.length - 1) return await this.#end(at, 'done');
      await this.#change((one, time) => {
        const finished = finishStep(one, at, time);
        // Cancelled while it ran: it is done, and nothing more is begun.
        return one.state === 'cancelling' ? finished : beginStep(finished, at + 1, time);
      });
      if (this.#operation.state === 'cancelling') return;
    }
  }

  /** Why it failed; undefined when it is done. */
  async #runStep(step: StepDefinition<W> | undefined, at: number): Promise<FaultData | undefined> {
    if (step === undefined) return undefined;
    const { signal } = this.#holding;
    const either = AbortSignal.any([signal, this.#cancel.signal]);
    try {
      either.throwIfAborted();
      await this.#perform(step.run, either, at);
    } catch (error) {
      if (signal.aborted || error instanceof LeaseLost) throw new LeaseLost();
      if (this.#cancel.signal.aborted) return faultToData(abortReason(this.#cancel.signal));
      if (!(error instanceof Fault))
        this.#context.log.error({ err: error, operation: this.#id }, 'a step failed unexpectedly');
      return faultToData(error);
    }
    if (signal.aborted) throw new LeaseLost();
    return undefined;
  }

  async #goBack(): Promise<void> {
    const { steps } = this.#kind;
    const { state, at } = this.#operation;
    const failures: string[] = [];
    const last = steps.findLastIndex((step, index) => index <= at && step.way === 'no-way-back');
    // From the point of no return on, what is done stays done.
    for (let index = at; index > last; index -= 1) {
      const failure = await this.#undoStep(steps[index], index);
      if (failure !== undefined) failures.push(failure);
    }
    const end = state === 'cancelling' ? 'cancelled' : 'failed';
    await this.#end(at, end, failures);
  }

  /** Why it could not be undone; undefined when it is, or when there is nothing to undo. */
  async #undoStep(step: StepDefinition<W> | undefined, at: number): Promise<string | undefined> {
    if (step?.undo === undefined) return undefined;
    if (this.#operation.steps[at]?.state === 'undone') return undefined;
    const { clock, log } = this.#context;
    const { signal } = this.#holding;
    await this.#change((one) => ({ ...withStep(one, at, { state: 'undoing', note: null }), at }));
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#perform(step.undo, signal, at);
        await this.#change((one, time) => withStep(one, at, { state: 'undone', endedAt: time }));
        return undefined;
      } catch (error) {
        if (signal.aborted || error instanceof LeaseLost) throw new LeaseLost();
        log.warn({ err: error, operation: this.#id, step: step.name, attempt }, 'undo failed');
        if (attempt < undoAttempts) {
          await clock.sleep(undoPauseMs * attempt, signal).catch(() => undefined);
          if (signal.aborted) throw new LeaseLost();
          continue;
        }
        const why = `${step.name} could not be undone: ${describeFault(error)}`;
        const note = why.slice(0, maxNote);
        await this.#change((one, time) =>
          withStep(one, at, { state: 'failed', endedAt: time, note }),
        );
        return why;
      }
    }
  }

  async #perform(run: (work: W) => Promise<void>, signal: AbortSignal, at: number): Promise<void> {
    const teller = new ProgressTeller(this.#context.inventory, this.#id, at);
    try {
      await run(this.#context.equip(this.#work(signal, teller)));
    } finally {
      teller.stop();
    }
  }

  #work(signal: AbortSignal, teller: ProgressTeller): StepWork {
    const operation = this.#operation;
    const { target, input, actor, userId, origin, correlationId } = operation;
    const caller: Caller = { actor, userId, origin, correlationId, may: () => true };
    const memory = { ...operation.memory };
    const remember = async (values: JsonRecord): Promise<void> => {
      await this.#change((one) => ({ ...one, memory: { ...one.memory, ...values } }));
      Object.assign(memory, values);
    };
    const conclude = (values: JsonRecord): Promise<void> => {
      this.#concluded = { ...this.#concluded, ...values };
      return Promise.resolve();
    };
    return {
      operationId: this.#id,
      target,
      input: input as JsonRecord,
      memory,
      caller,
      signal,
      commit: (one) => this.#context.records.commit(one, this.#holding),
      remember,
      conclude,
      tell: (progress, note) => teller.tell(progress, note),
    };
  }

  async #change(
    change: (operation: OperationDocument, time: string) => OperationDocument,
  ): Promise<void> {
    await this.#write((operation, time) => ({ operation: change(operation, time) }));
  }

  /** With what was concluded until now. */
  async #write(build: (operation: OperationDocument, time: string) => Change): Promise<void> {
    const told = this.#concluded;
    this.#concluded = {};
    try {
      await this.#context.records.change(this.#id, this.#holding, (one, time) =>
        build(withResult(one, told), time),
      );
    } catch (error) {
      this.#concluded = { ...told, ...this.#concluded };
      throw error;
    }
  }

  async #end(
    at: number,
    state: 'done' | 'failed' | 'cancelled',
    undoFailures: readonly string[] = [],
  ): Promise<void> {
    const { inventory, failureEvents } = this.#context;
    await this.#write((one, time) => {
      const finished = state === 'done' ? finishStep(one, at, time) : one;
      const ended = endOperation(finished, state, time);
      const operation = {
        ...ended,
        fault: endFault(ended, state, undoFailures),
      };
      const lock = giveLocks(inventory, operation, this.#id);
      const events =
        state === 'failed' && operation.fault !== null
          ? failureEvents(operation, this.#id, operation.fault)
          : [];
      return { operation, along: { ...lock, events } };
    });
  }
}

function endFault(
  operation: OperationDocument,
  state: 'done' | 'failed' | 'cancelled',
  undoFailures: readonly string[],
): FaultData | null {
  if (state === 'done') return null;
  const fault =
    operation.fault ?? faultToData(new Fault('cancelled', `${operation.action} was cancelled`));
  if (undoFailures.length === 0) return fault;
  return { ...fault, facts: { ...fault.facts, notUndone: undoFailures } };
}
