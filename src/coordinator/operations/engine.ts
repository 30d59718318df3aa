/**
 * Operations: stored before they run, run by one coordinator at a time, taken up again after a crash.
 *
 *   submit -> store -> inventory tells -> schedule -> a place on the host -> Runner -> end
 *                          ^ cancel, other coordinators, a new lease
 *
 * What is to run is always read from the documents: an operation that is not at its end and has no runner
 * here gets one as soon as this coordinator has the lease.
 */
import { randomUUID } from 'node:crypto';
import { assert, Fault, faultFromData, faultToData, present, type Clock } from '#lib';
import type { Log } from '#log';
import type { Kind, Operation } from '#api';
import type { Caller, Coordinator, Operations, RightObject, Submission } from '../context.ts';
import type { ImageDocument, OperationDocument, VmDocument } from '../documents.ts';
import type { InventoryChange } from '../inventory/inventory.ts';
import type { Commit } from '../store/store.ts';
import { quotasAbove } from './charge.ts';
import { endOperation, isFinished, isGoingBack, newOperation } from './document.ts';
import type { OperationKind, StepWork } from './kind.ts';
import { LeaseKeeper, LeaseLost, type Holding } from './lease-keeper.ts';
import { giveLocks } from './lock.ts';
import { isUrgent, maxRunningPerHost, maxUnfinished, overtakeGraceMs } from './policy.ts';
import { Records } from './records.ts';
import { freeReserved } from './reserved.ts';
import { Runner, type FailureEvents } from './runner.ts';
import { Slots } from './slots.ts';
import { cancelled, isPastReturn, storeOperation } from './submit.ts';
import { Waiters } from './waiters.ts';

/** After a failure that is not the operation's: the store is full, or a bug. */
const retryMs = 5_000;
/** How long steps may take to heed their signal when the program ends. */
const stopMs = 3_000;

export interface OperationsOptions<W> {
  readonly kinds: readonly OperationKind<W>[];
  /** Gives a step what its room needs beside what every step gets. */
  readonly equip: (work: StepWork) => W;
  /** Events that are written with the end of an operation that has failed. */
  readonly failureEvents?: FailureEvents;
  readonly context: Pick<Coordinator, 'store' | 'commit' | 'inventory'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The engine, not yet running anything: `start` begins. */
export function createOperations<W>(options: OperationsOptions<W>): OperationsEngine<W> {
  return new OperationsEngine(options);
}

interface Active {
  /** Undefined while it waits for its turn. */
  runner: { cancel(reason: Fault): void } | undefined;
  /** Ends the wait for a place. */
  readonly waiting: AbortController;
  readonly done: Promise<void>;
}

export class OperationsEngine<W> implements Operations, AsyncDisposable {
  readonly #options: OperationsOptions<W>;
  readonly #context: Pick<Coordinator, 'commit' | 'inventory'> & { readonly clock: Clock };
  readonly #kinds: ReadonlyMap<string, OperationKind<W>>;
  readonly #records: Records;
  readonly #keeper: LeaseKeeper;
  readonly #slots = new Slots(maxRunningPerHost);
  /** Those that take something of the same quota are stored one after the other: each would have to look again for every one before it. */
  readonly #turns = new Slots(1);
  readonly #waiters: Waiters;
  readonly #active = new Map<string, Active>();
  readonly #unfinished = new Set<string>();
  /** Which operation another one overtakes and waits for. */
  readonly #after = new Map<string, string>();
  #stopListening: (() => void) | undefined;

  constructor(options: OperationsOptions<W>) {
    this.#options = options;
    const { context, clock, log, kinds } = options;
    this.#context = { commit: context.commit, inventory: context.inventory, clock };
    this.#kinds = new Map(kinds.map((kind) => [kind.action, kind]));
    assert(this.#kinds.size === kinds.length, 'two kinds of operations have the same action');
    this.#records = new Records(this.#context);
    this.#waiters = new Waiters(clock);
    this.#keeper = new LeaseKeeper(randomUUID(), {
      store: context.store,
      clock,
      log,
      onHeld: (holding) => this.#takeUp(holding),
    });
  }

  /** Begins to run operations, first those that were not at their end. Answers how many these are. */
  async start(): Promise<{ readonly recovered: number }> {
    const { inventory } = this.#context;
    for (const { id, data } of inventory.documents<OperationDocument>('operation'))
      if (!isFinished(data)) this.#unfinished.add(id);
    const recovered = this.#unfinished.size;
    this.#stopListening = inventory.onChange((change) => this.#follow(change));
    await this.#keeper.start();
    return { recovered };
  }

  async submit(caller: Caller, submission: Submission, with_: Commit = {}): Promise<Operation> {
    const kind = this.#kinds.get(submission.action);
    assert(kind !== undefined, `there is an operation ${submission.action}`);
    if (this.#unfinished.size >= maxUnfinished)
      throw new Fault('exhausted', `${this.#unfinished.size} operations are not at their end`, {
        hint: 'wait until some of them are done',
      });
    const id = submission.id ?? randomUUID();
    const { target, charge } = submission;
    const quota = charge && quotasAbove(this.#context.inventory, charge.folderId).at(-1)?.id;
    const give = quota === undefined ? undefined : await this.#turns.take(quota);
    try {
      await storeOperation(this.#context, {
        id,
        operation: newOperation(caller, submission, {
          stepNames: kind.steps.map((step) => step.name),
          hostId: target.kind === 'host' ? target.id : this.#hostOf(submission),
        }),
        along: with_,
        kindOf: (action) => this.#kinds.get(action),
        onOvertake: (otherId) => this.#after.set(id, otherId),
      });
    } catch (error) {
      this.#after.delete(id);
      throw error;
    } finally {
      give?.();
    }
    return this.#show(id);
  }

  async wait(id: string, limitMs: number, signal?: AbortSignal): Promise<Operation> {
    if (!isFinished(this.#find(id))) await this.#waiters.wait(id, limitMs, signal);
    return this.#show(id);
  }

  /** Errors: `not-found`, `forbidden`; `refused` for one at its end or past the point of no return. */
  async cancel(id: string, caller: Caller): Promise<Operation> {
    const { target, userId } = this.#find(id);
    const own = caller.userId !== null && caller.userId === userId;
    if (!own && !caller.may('operation.cancel', rightObjectOf(target.kind, target.id)))
      throw new Fault('forbidden', `you may not cancel the operation ${id} of somebody else`);
    await this.#records.change(id, undefined, (operation, time) => {
      const { action, state } = operation;
      // Asking for what is so already is not an error.
      if (state === 'cancelled' || (!isFinished(operation) && isGoingBack(operation)))
        return undefined;
      if (isFinished(operation))
        throw new Fault('refused', `operation ${id} (${action}) is ${state} already`);
      if (isPastReturn(this.#kinds.get(action), operation))
        throw new Fault('refused', `operation ${id} (${action}) can no longer be cancelled`, {
          facts: { step: operation.steps[operation.at]?.name },
          hint: `wait for it with: gantry operation wait ${id}`,
        });
      const why = new Fault('cancelled', `cancelled by ${caller.actor.name}`);
      const after = cancelled(operation, faultToData(why), time);
      if (!isFinished(after)) return { operation: after };
      const { inventory } = this.#context;
      const locks = giveLocks(inventory, operation, id);
      const reserved = freeReserved(inventory, operation);
      return {
        operation: after,
        along: {
          conditions: [...locks.conditions, ...reserved.conditions],
          writes: [...locks.writes, ...reserved.writes],
        },
      };
    });
    return this.#show(id);
  }

  /** Stops running; what is not at its end goes on when a coordinator has the lease again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening?.();
    const stopped = this.#keeper[Symbol.asyncDispose]();
    const unwound = Promise.all([...this.#active.values()].map((active) => active.done));
    const timer = new AbortController();
    const late = this.#options.clock.sleep(stopMs, timer.signal).catch(() => undefined);
    await Promise.race([unwound, late]);
    timer.abort();
    await stopped;
    this.#waiters.wakeAll();
  }

  #find(id: string): OperationDocument {
    const found = this.#context.inventory.document<OperationDocument>('operation', id);
    if (found === undefined)
      throw new Fault('not-found', `there is no operation ${id.slice(0, 100)}`, {
        hint: 'look at: gantry operation list',
      });
    return found.data;
  }

  #show(id: string): Operation {
    return present(this.#context.inventory.operation(id), `operation ${id}`);
  }

  #follow(change: InventoryChange): void {
    for (const { kind, id, how } of change.things) {
      if (kind !== 'operation' || how === 'sampled') continue;
      const operation = this.#context.inventory.document<OperationDocument>('operation', id)?.data;
      if (operation === undefined || isFinished(operation)) {
        this.#unfinished.delete(id);
        this.#waiters.wake(id);
        this.#active.get(id)?.waiting.abort(new Fault('cancelled', 'it is at its end'));
        continue;
      }
      this.#unfinished.add(id);
      if (operation.state === 'cancelling') this.#cancelActive(id, operation);
      const { holding } = this.#keeper;
      if (holding !== undefined) this.#schedule(id, holding);
    }
  }

  #cancelActive(id: string, { fault, action }: OperationDocument): void {
    const why = fault === null ? new Fault('cancelled', action) : faultFromData(fault);
    this.#active.get(id)?.runner?.cancel(why);
  }

  /** The lease is ours: everything that is not at its end gets a runner. */
  #takeUp(holding: Holding): void {
    const ids = [...this.#unfinished];
    if (ids.length > 0) this.#options.log.info({ operations: ids.length }, 'operations taken up');
    for (const id of ids) this.#schedule(id, holding);
  }

  #schedule(id: string, holding: Holding): void {
    if (this.#active.has(id) || holding.signal.aborted) return;
    const waiting = new AbortController();
    const done = Promise.withResolvers<void>();
    const active: Active = { runner: undefined, waiting, done: done.promise };
    this.#active.set(id, active);
    void this.#execute(id, active, holding).finally(() => {
      this.#active.delete(id);
      this.#after.delete(id);
      done.resolve();
      // A new lease may have come while the old runner unwound.
      const now = this.#keeper.holding;
      if (now !== undefined && now !== holding && this.#unfinished.has(id)) this.#schedule(id, now);
    });
  }

  /** Never rejects. */
  async #execute(id: string, active: Active, holding: Holding): Promise<void> {
    const { log, clock } = this.#options;
    for (;;) {
      try {
        const give = await this.#takeTurn(id, active, holding);
        try {
          await this.#run(id, active, holding);
        } finally {
          give?.();
        }
        return;
      } catch (error) {
        if (error instanceof LeaseLost || holding.signal.aborted || !this.#unfinished.has(id))
          return;
        log.error({ err: error, operation: id }, 'an operation could not go on; it is tried again');
        await clock.sleep(retryMs, holding.signal).catch(() => undefined);
      }
    }
  }

  /** Waits for what is overtaken, and for a place on the host. Answers the way to give the place back. */
  async #takeTurn(id: string, active: Active, holding: Holding): Promise<(() => void) | undefined> {
    const operation = this.#records.get(id);
    const after = this.#after.get(id);
    const signal = AbortSignal.any([holding.signal, active.waiting.signal]);
    if (after !== undefined && this.#unfinished.has(after))
      await this.#waiters.wait(after, overtakeGraceMs, signal);
    const hostId = this.#hostOf(operation);
    if (hostId === undefined || isUrgent(operation.action)) return undefined;
    return await this.#slots.take(hostId, signal);
  }

  async #run(id: string, active: Active, holding: Holding): Promise<void> {
    const operation = this.#records.get(id);
    if (isFinished(operation)) return;
    const kind = this.#kinds.get(operation.action);
    if (kind === undefined || !sameSteps(kind, operation)) {
      await this.#giveUp(id, holding);
      return;
    }
    const { clock, log, equip, failureEvents = () => [] } = this.#options;
    const { inventory } = this.#context;
    const runner = new Runner(
      { records: this.#records, inventory, clock, log, equip, failureEvents },
      id,
      kind,
      holding,
    );
    active.runner = runner;
    try {
      await runner.run();
    } finally {
      active.runner = undefined;
    }
  }

  /** An operation of another version of the program: what its steps were is not known. */
  async #giveUp(id: string, holding: Holding): Promise<void> {
    await this.#records.change(id, holding, (operation, time) => {
      const fault = new Fault(
        'unsupported',
        `${operation.action} was begun by another version of Gantry and cannot go on`,
        { hint: 'look at the thing it was about and do again what is missing' },
      );
      const told = { ...operation, fault: operation.fault ?? faultToData(fault) };
      const lock = giveLocks(this.#context.inventory, operation, id);
      return { operation: endOperation(told, 'failed', time), along: lock };
    });
  }

  /** The host on which work on a vm or image happens; undefined where no place is needed. */
  #hostOf({ target, input }: Pick<OperationDocument, 'target' | 'input'>): string | undefined {
    if (target.kind !== 'vm' && target.kind !== 'image') return undefined;
    const document = this.#context.inventory.document<VmDocument | ImageDocument>(
      target.kind,
      target.id,
    );
    const given = Reflect.get(Object(input), 'hostId') as unknown;
    return document?.data.hostId ?? (typeof given === 'string' ? given : undefined);
  }
}

function sameSteps<W>(kind: OperationKind<W>, { steps }: OperationDocument): boolean {
  return (
    kind.steps.length === steps.length &&
    kind.steps.every((step, index) => step.name === steps[index]?.name)
  );
}

function rightObjectOf(kind: Kind, id: string): RightObject {
  return kind === 'vm' || kind === 'host' || kind === 'folder' || kind === 'image'
    ? { kind, id }
    : { kind: 'installation' };
}
