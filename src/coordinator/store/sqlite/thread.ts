/**
 * The main half's end of a thread: starts it, waits for its first word, matches answers with questions.
 * A thread that dies is a bug or a machine without memory: everything that waits for it fails, and so
 * does everything asked afterwards.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { Worker } from 'node:worker_threads';
import { Fault, faultFromData, present } from '#lib';
import type { FromThread, Opening, ThreadData, ToThread } from './protocol.ts';

/** Small generations: the threads hold no data of their own, only what passes through. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

export class Thread<T, R> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<R>>();
  readonly #exited = Promise.withResolvers<void>();
  #nextId = 1;
  #failure: Error | undefined;

  private constructor(worker: Worker, name: string) {
    this.#worker = worker;
    this.#name = name;
    worker.on('message', (message: FromThread<R>) => {
      const waiting = present(this.#waiting.get(message.id), `who asked the ${name}`);
      this.#waiting.delete(message.id);
      waiting.resolve(message.result);
    });
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => {
      this.#fail(new Fault('unavailable', `the ${name} is closed`));
      this.#exited.resolve();
    });
  }

  /** Errors: the thread's fault at opening. */
  static async start<T, R>(name: string, script: URL, data: ThreadData): Promise<Thread<T, R>> {
    const worker = new Worker(script, { workerData: data, name, resourceLimits });
    const opening = Promise.withResolvers<Opening>();
    worker.once('message', opening.resolve);
    const onExit = (): void =>
      opening.reject(new Fault('internal', `the ${name} ended at its start`));
    worker.once('error', opening.reject);
    worker.once('exit', onExit);
    try {
      const answer = await opening.promise;
      if ('fault' in answer) throw faultFromData(answer.fault);
      worker.removeListener('error', opening.reject);
      worker.removeListener('exit', onExit);
      return new Thread<T, R>(worker, name);
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Errors: `internal` when the thread has died, `unavailable` when it is closed. */
  ask(work: T): Promise<R> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId;
    this.#nextId += 1;
    const waiting = Promise.withResolvers<R>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ id, work } satisfies ToThread<T>);
    return waiting.promise;
  }

  /** After what was asked before is answered. */
  async close(): Promise<void> {
    if (this.#failure === undefined)
      this.#worker.postMessage({ close: true } satisfies ToThread<T>);
    await this.#exited.promise;
  }

  #fail(cause: unknown): void {
    this.#failure ??=
      cause instanceof Fault
        ? cause
        : new Fault('internal', `the ${this.#name} has failed`, { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
  }
}
