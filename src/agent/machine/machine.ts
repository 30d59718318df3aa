/**
 * One machine's life on its host. One loop changes it; all else asks.
 *
 *                        turn-on, hold                        pause
 *            off ------------------------> starting ---> running <--------> paused
 *             ^ ^                             |           | |  ^   resuming    |
 *             | '---------- fails -----------'           | |  |  (resume)     |
 *             |                                           | |  '-- resetting --'
 *             |<--- turning-off <-------------------------|-'          reset
 *             |<--- shutting-down <-----------------------'
 *             |          '-- time is over: running again, or saving, or turning-off
 *             |
 *             |<--- discard --- saved <--- saving <--- running, paused
 *             '                  |  ^
 *        end of the process      |  '-- fails, or cancelled
 *        (crash, guest, other)   '---> restoring ---> running, paused
 *
 * Invariants
 * 1. Work runs one after the other, in `#run`; only turn-off comes before its turn, and interrupts.
 * 2. What a driver observes is applied at once, before any request that waits: guests outrank requests.
 * 3. The record on disk says what is about to happen before it happens, so that after the agent was killed
 *    at any moment `recover` finds the process, or knows that there is none.
 * 4. An idle machine has no timer, no promise and no listener: a host may have tens of thousands.
 * 5. At most `maxWaiting` requests wait; the next is refused.
 */
import {
  judgeAction,
  type Cause,
  type EventAttributes,
  type EventName,
  type Judged,
  type MachineReport,
  type PowerAction,
  type VmAction,
  type VmActionRequest,
} from '#api';
import { abortReason, describeFault, Fault, isoTime, type FaultCode } from '#lib';
import type { Ending, Observation, Observer, Running } from '../drivers/driver.ts';
import { decide, type Request } from './decide.ts';
import { systemCause } from './causes.ts';
import { judgedOf } from './judged.ts';
import { nextMerge } from './layers/layers.ts';
import { settleTaking } from './layers/live-snapshot.ts';
import { mergeLayers } from './layers/merge.ts';
import { endSession } from './layers/undo.ts';
import { settleMoving } from './move-disk.ts';
import type { EndHandler, Hands, MachineHost, Patch } from './hands.ts';
import { interpret, interpretEnd, type Consequence } from './interpret.ts';
import { performAction } from './perform.ts';
import { maxDone, reportOf, type MachineFile } from './record.ts';
import { recoverMachine } from './recover.ts';
import { chooseReaction } from './reaction.ts';

const maxWaiting = 32;
const gaveWay = new Fault('cancelled', 'it gave way to another request');

export interface ActCall extends Request {
  readonly request: VmActionRequest;
  readonly cause: Cause;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: number | null, note: string | null) => void) | undefined;
}

interface Work {
  /** The power action, or undefined for other changes. */
  readonly request: Request | undefined;
  readonly cause: Cause;
  readonly controller: AbortController;
  readonly onProgress: ActCall['onProgress'];
  /** Judged again when its turn comes. */
  readonly admit: () => 'take' | 'ignore';
  readonly perform: (hands: Hands) => Promise<unknown>;
  /** Begins anew whenever something else was asked for meanwhile. */
  readonly givesWay?: true;
  readonly done: PromiseWithResolvers<unknown>;
  onEnd: EndHandler | undefined;
}

/** An ear for one process. */
interface Watch {
  ended: Ending | undefined;
  running: Running | undefined;
  readonly observer: Observer;
}

export class Machine {
  readonly id: string;
  readonly #host: MachineHost;
  #file: MachineFile;
  #running: Running | undefined;
  #current: Work | undefined;
  #waiting: Work[] | undefined;
  #endWaiters: (() => void)[] | undefined;
  #gone = false;
  #leaving = false;

  constructor(host: MachineHost, file: MachineFile) {
    this.id = file.definition.id;
    this.#host = host;
    this.#file = file;
  }

  get file(): MachineFile {
    return this.#file;
  }

  get running(): Running | undefined {
    return this.#running;
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  report(): MachineReport {
    return reportOf(this.#file);
  }

  /** What the table of allowed actions needs to know. */
  judged(): Judged {
    return judgedOf(this.#file, this.#running, this.#host.driver);
  }

  /** Errors: `refused`, `unsupported` with the table's reason. */
  require(action: VmAction): void {
    const judgement = judgeAction(action, this.judged());
    if (judgement.answer !== 'refuse') return;
    const { why, hint } = judgement;
    const code: FaultCode = Object.values(this.#host.driver.missing).includes(why)
      ? 'unsupported'
      : 'refused';
    const message = `cannot ${action} ${this.#file.definition.name}: ${why}`;
    throw new Fault(code, message, { facts: { state: this.#file.state }, hint });
  }

  /**
   * Carries out a power action and answers how the machine is afterwards.
   * Errors: `stale`, `refused`, `blocked` with all reasons, and those of the action.
   */
  async act(call: ActCall): Promise<MachineReport> {
    const decision = this.#decide(call, this.#current?.request);
    if (decision === 'ignore') return this.report();
    if (decision === 'join') {
      await this.#current?.done.promise;
      return this.report();
    }
    if (call.action === 'turn-off')
      this.#interrupt(new Fault('cancelled', `${this.#file.definition.name} is turned off`));
    await this.#enqueue({
      request: call,
      cause: call.cause,
      signal: call.signal,
      onProgress: call.onProgress,
      admit: () => (this.#decide(call, undefined) === 'take' ? 'take' : 'ignore'),
      async perform(hands) {
        if (call.action !== 'turn-off') await settleMoving(hands);
        return performAction(call, hands);
      },
    });
    return this.report();
  }

  /** Runs a change that is no power action in its turn. `action` is judged when the turn comes. */
  async change<T>(
    action: VmAction,
    generation: number,
    cause: Cause,
    perform: (hands: Hands) => Promise<T>,
    signal?: AbortSignal,
    onProgress?: ActCall['onProgress'],
  ): Promise<T> {
    if (generation < this.#file.generation) {
      throw new Fault('stale', `cannot ${action} ${this.#file.definition.name}: an older request`, {
        facts: { generation: this.#file.generation },
      });
    }
    this.require(action);
    const result = await this.#enqueue({
      request: undefined,
      cause,
      signal,
      onProgress,
      admit: () => {
        this.require(action);
        return 'take';
      },
      perform: async (hands) => {
        await settleTaking(hands);
        // A move of a disk looks for itself: it may go on with it.
        if (action !== 'move-disk') await settleMoving(hands);
        return perform(hands);
      },
    });
    return result as T;
  }

  /** An action of the host itself: host start and stop, reactions to failures. Not bound to a generation. */
  async actForHost(
    action: PowerAction,
    request: VmActionRequest,
    options: { readonly signal?: AbortSignal; readonly cause?: Cause } = {},
  ): Promise<MachineReport> {
    return this.act({
      action,
      request,
      generation: this.#file.generation,
      correlationId: null,
      cause: options.cause ?? systemCause,
      signal: options.signal,
    });
  }

  /** Finds the process again, or what became of it. Called once, before any request. */
  async recover(): Promise<void> {
    await this.queueOwn((hands) =>
      recoverMachine(hands, async (observer) => {
        const watch = this.#watch();
        const found = await observer(watch.observer);
        if (found?.kind === 'live') this.#adopt(watch, found.running);
        return found;
      }),
    );
    if (this.#running) this.#unasked('layers', this.mergeLive(systemCause));
  }

  /** Layers of a machine that runs merge until none are left to: between requests, which do not wait for it. */
  async mergeLive(
    cause: Cause,
    signal?: AbortSignal,
    onProgress?: ActCall['onProgress'],
  ): Promise<void> {
    while (nextMerge(this.#file.layers, 'running') !== undefined && !this.#gone) {
      try {
        await this.queueOwn(mergeLayers, { cause, signal, onProgress, givesWay: true });
      } catch (error) {
        if (error !== gaveWay) throw error;
      }
    }
  }

  /** Nothing more is heard of this machine, and nothing more written. */
  forget(): void {
    this.#gone = true;
  }

  /** What is under way ends at its next safe point; the process goes on. */
  interrupt(): void {
    this.#leaving = true;
    this.#interrupt(new Fault('cancelled', 'the agent ends'));
  }

  /** Resolves when nothing is under way or waiting. */
  async settle(): Promise<void> {
    while (this.#current) await this.#current.done.promise.catch(() => undefined);
  }

  #decide(call: ActCall, busyWith: Request | undefined): 'take' | 'join' | 'ignore' {
    const decision = decide(
      {
        ...this.judged(),
        generation: this.#file.generation,
        busyWith,
        done: this.#file.done,
      },
      call,
    );
    if (decision.answer === 'refuse') throw decision.fault;
    return decision.answer;
  }

  #interrupt(reason: Fault): void {
    this.#current?.controller.abort(reason);
    for (const work of this.#waiting ?? []) work.controller.abort(reason);
  }

  /** Work that no request stands for. */
  queueOwn(
    perform: Work['perform'],
    more: Partial<Pick<Work, 'cause' | 'onProgress' | 'givesWay'> & Pick<ActCall, 'signal'>> = {},
  ): Promise<unknown> {
    const usual = { cause: systemCause, signal: undefined, onProgress: undefined };
    const admit = (): 'take' => 'take';
    return this.#enqueue({ ...usual, ...more, request: undefined, admit, perform });
  }

  #enqueue(
    work: Omit<Work, 'controller' | 'done' | 'onEnd'> & {
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<unknown> {
    if ((this.#waiting?.length ?? 0) >= maxWaiting) {
      const { name } = this.#file.definition;
      return Promise.reject(new Fault('exhausted', `${name} has ${maxWaiting} requests waiting`));
    }
    if (this.#current?.givesWay) this.#current.controller.abort(gaveWay);
    const controller = new AbortController();
    const { signal } = work;
    const onAbort = (): void => controller.abort(abortReason(signal));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    const done = Promise.withResolvers<unknown>();
    const full: Work = { ...work, controller, done, onEnd: undefined };
    if (this.#current) (this.#waiting ??= []).push(full);
    else void this.#run(full);
    return done.promise.finally(() => signal?.removeEventListener('abort', onAbort));
  }

  /** The loop: from this work on until none waits. */
  async #run(first: Work): Promise<void> {
    let work: Work | undefined = first;
    while (work) {
      this.#current = work;
      try {
        const { signal } = work.controller;
        if (signal.aborted) throw abortReason(signal);
        const result: unknown =
          work.admit() === 'take' ? await work.perform(this.#lend(work)) : undefined;
        this.#remember(work.request);
        work.done.resolve(result);
      } catch (error) {
        work.done.reject(error);
      }
      work = this.#waiting?.shift();
    }
    this.#waiting = undefined;
    this.#current = undefined;
  }

  #remember(request: Request | undefined): void {
    if (!request || request.correlationId === null || this.#gone) return;
    const { action, generation, correlationId } = request;
    this.#set({
      done: [...this.#file.done, { action, generation, correlationId }].slice(-maxDone),
    });
  }

  #lend(work: Work): Hands {
    const file = (): MachineFile => this.#file;
    const running = (): Running | undefined => this.#running;
    const leaving = (): boolean => this.#leaving;
    return {
      host: this.#host,
      get file() {
        return file();
      },
      get running() {
        return running();
      },
      signal: work.controller.signal,
      get leaving() {
        return leaving();
      },
      cause: work.cause,
      progress: (progress, note) => work.onProgress?.(progress, note),
      set: (patch) => this.#set(patch),
      enter: (state, patch) => {
        this.#requireProcess(state);
        this.#enter(state, patch);
      },
      persist: () => this.#persist(),
      emit: (name, attributes) => this.#emit(name, attributes, work.cause),
      launch: async (start) => {
        const watch = this.#watch();
        const running = await start(watch.observer);
        this.#adopt(watch, running);
        return running;
      },
      onEnd: (handler) => {
        work.onEnd = handler;
      },
      apply: (consequence) => this.#apply(consequence),
      untilEnded: (limitMs) => this.#untilEnded(limitMs, work.controller.signal),
    };
  }

  #set(patch: Patch): void {
    const entries = Object.entries(patch) as [keyof Patch, unknown][];
    if (entries.every(([key, value]) => this.#file[key] === value)) return;
    this.#file = { ...this.#file, ...patch };
    this.#host.changed(this.id);
    void this.#persist().catch(() => undefined);
  }

  /** Work that goes on after the process has ended must not bring a machine back to life. */
  #requireProcess(state: MachineFile['state']): void {
    if (this.#running || (state !== 'running' && state !== 'paused')) return;
    throw new Fault('unavailable', `the process of ${this.#file.definition.name} has ended`);
  }

  #enter(state: MachineFile['state'], patch: Patch = {}): void {
    this.#set({ ...patch, state, since: isoTime(this.#host.clock.now()) });
  }

  #persist(): Promise<void> {
    return this.#gone ? Promise.resolve() : this.#host.save(this.#file);
  }

  #emit<N extends EventName>(name: N, attributes: EventAttributes<N>, cause: Cause): void {
    this.#host.emit(this.id, name, attributes, cause);
  }

  /** An ear for one process: hears it out even if it ends before the start has been answered. */
  #watch(): Watch {
    const watch: Watch = {
      ended: undefined,
      running: undefined,
      observer: (observation) => {
        if (observation.kind === 'ended') watch.ended = observation.ending;
        const { running } = watch;
        if (running !== undefined && running === this.#running) this.#observe(observation);
      },
    };
    return watch;
  }

  #adopt(watch: Watch, running: Running): void {
    if (watch.ended) {
      const { ended } = watch;
      const detail =
        ended.kind === 'crash' || ended.kind === 'external' ? ended.detail : ended.kind;
      throw new Fault('unavailable', `the process ended at once: ${detail}`, {
        facts: ended.kind === 'crash' ? { log: ended.log } : {},
      });
    }
    this.#running = watch.running = running;
    this.#host.sampled(this.id); // what it told while it started was not heard
  }

  async #untilEnded(limitMs: number, signal: AbortSignal): Promise<'ended' | 'time'> {
    if (!this.#running) return 'ended';
    const ended = Promise.withResolvers<'ended'>();
    const timer = new AbortController();
    (this.#endWaiters ??= []).push(() => ended.resolve('ended'));
    try {
      const combined = AbortSignal.any([signal, timer.signal]);
      const time = this.#host.clock.sleep(limitMs, combined).then(() => 'time' as const);
      return await Promise.race([ended.promise, time]);
    } finally {
      timer.abort();
    }
  }

  #observe(observation: Observation): void {
    if (this.#gone) return;
    if (observation.kind === 'ended') {
      this.#ended(observation.ending);
      return;
    }
    if (observation.kind === 'sampled') this.#host.sampled(this.id);
    this.#apply(interpret(this.#file, observation, this.#current ? 'busy' : 'idle'));
  }

  #ended(ending: Ending): void {
    this.#running = undefined;
    const heard = this.#current?.onEnd?.(ending) ?? 'usual';
    if (heard === 'usual') {
      this.#apply(interpretEnd(this.#file, ending));
      const { layers, moving } = this.#file;
      const isCutOff = layers.taking !== null || moving !== null;
      if (layers.undo !== null || isCutOff || nextMerge(layers, 'off')) this.#endSession();
    }
    for (const wake of this.#endWaiters ?? []) wake();
    this.#endWaiters = undefined;
  }

  #apply(consequence: Consequence): void {
    const { state, patch, events = [], reactTo } = consequence;
    if (state !== undefined) this.#enter(state, patch);
    else if (patch) this.#set(patch);
    for (const { name, attributes, cause } of events) this.#emit(name, attributes, cause);
    if (reactTo !== undefined) this.#react(reactTo);
  }

  /** Nobody waits for it. */
  #unasked(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#host.log.warn({ vm: this.id, error: describeFault(error) }, what);
    });
  }

  /** What becomes of undo disks after an end that no action waits for. */
  #endSession(): void {
    this.#unasked('undo disks', this.queueOwn(endSession));
  }

  /** The configured reaction to a failure, within its limit (VM-83). */
  #react(why: string): void {
    const { decision, reactions } = chooseReaction(this.#file, this.#host.clock.now());
    if (decision === undefined) return;
    const { reaction, repetition, limit } = decision;
    this.#set({ reactions });
    this.#emit('vm.failure-reaction', { reaction, repetition, limit }, systemCause);
    if (reaction === 'given up') return;
    const action = this.#running === undefined ? 'turn-on' : reaction;
    this.#unasked(`reaction: ${why}`, this.actForHost(action, {}));
  }
}
