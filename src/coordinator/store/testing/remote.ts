/**
 * A store in a process of its own, so that a test can kill it with signal 9 at any moment. Calls travel
 * over Node's process channel; the clock is the test's and travels with every call.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type FaultData, faultFromData, faultToData, isoTime, type Clock } from '#lib';
import type { Change, Store } from '../store.ts';

export interface Calls {
  readonly read: Store['read'];
  readonly range: Store['range'];
  readonly commit: Store['commit'];
  readonly head: Store['head'];
  readonly events: Store['events'];
  readonly countEvents: Store['countEvents'];
  readonly acquire: Store['acquire'];
  readonly release: Store['release'];
  readonly prune: Store['prune'];
  readonly putSamples: Store['putSamples'];
  readonly samples: Store['samples'];
  readonly firstSamples: Store['firstSamples'];
  /** All changes after the number up to the head at the time of the call, as a watcher gets them. */
  readonly watch: (after: number) => Promise<readonly Change[]>;
  readonly close: () => Promise<void>;
}

interface Request {
  readonly id: number;
  readonly nowMs: number;
  readonly method: keyof Calls;
  readonly args: readonly unknown[];
}
type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fault: FaultData };

/** The child's side: opens and serves until the channel closes. */
export function serveStore(open: (clock: Clock) => Promise<Store>): void {
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    sleep: () => Promise.reject(new Error('nothing sleeps here')),
  };
  const opening = open(clock);
  // Told to whoever calls.
  opening.catch(() => undefined);
  const send = (answer: Answer): void => void process.send?.(answer);
  process.on('message', (request: Request) => {
    nowMs = request.nowMs;
    opening
      .then((store) => callStore(store, request))
      .then(
        (value) => send({ id: request.id, value }),
        (error: unknown) => send({ id: request.id, fault: faultToData(error) }),
      );
  });
  process.on('disconnect', () => process.exit());
}

async function callStore(store: Store, { method, args }: Request): Promise<unknown> {
  if (method === 'close') {
    await store[Symbol.asyncDispose]();
    return undefined;
  }
  if (method === 'watch') return collect(store, Number(args[0]));
  // The parent's side is typed; this is the same table.
  const call = store[method] as (...given: readonly unknown[]) => Promise<unknown>;
  return call.apply(store, [...args]);
}

async function collect(store: Store, after: number): Promise<readonly Change[]> {
  const head = await store.head();
  const changes: Change[] = [];
  if (after === head) return changes;
  const stop = new AbortController();
  for await (const change of store.watch(after, stop.signal)) {
    changes.push(change);
    if (change.seq >= head) stop.abort();
  }
  return changes;
}

/** The test's side. */
export class RemoteStore {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 1;

  /** `script` calls serveStore; `place` is its only argument. */
  constructor(script: URL, place: string) {
    this.#child = fork(script, [place], { serialization: 'advanced' });
    this.#child.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('fault' in answer) waiting?.reject(faultFromData(answer.fault));
      else waiting?.resolve(answer.value);
    });
    this.#child.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => {
      for (const waiting of this.#waiting.values())
        waiting.reject(new Error(`the store's process ended: ${code ?? signal}`));
      this.#waiting.clear();
    });
  }

  call<M extends keyof Calls>(
    nowMs: number,
    method: M,
    ...args: Parameters<Calls[M]>
  ): ReturnType<Calls[M]> {
    if (!this.#child.connected) return Promise.reject(new Error('the process is gone')) as never;
    const waiting = Promise.withResolvers<unknown>();
    const id = this.#nextId;
    this.#nextId += 1;
    this.#waiting.set(id, waiting);
    this.#child.send({ id, nowMs, method, args } satisfies Request, (error) => {
      if (error !== null) waiting.reject(error);
    });
    return waiting.promise as ReturnType<Calls[M]>;
  }

  /** Signal 9, and waits until the process is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  /** An orderly end. */
  async close(): Promise<void> {
    await this.call(0, 'close');
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}

/** A time for the tests: the given number of seconds after an arbitrary beginning. */
export function timeAt(seconds: number): string {
  return isoTime(Date.UTC(2026, 0, 1) + seconds * 1000);
}
