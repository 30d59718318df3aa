/**
 * A thread that is there while it is asked and ends when nobody has asked for a while: a thread holds some
 * ten MiB of memory whether it works or not. The next question starts it again, which takes about 50 ms.
 */
import { collectNextTime, Fault } from '#lib';
import type { Thread } from './thread.ts';

export class RestingThread<T, R> {
  readonly #start: () => Promise<Thread<T, R>>;
  readonly #idleMs: number;
  #thread: Promise<Thread<T, R>> | undefined;
  /** Threads on their way out. */
  readonly #ending = new Set<Promise<void>>();
  #asking = 0;
  #rest: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(start: () => Promise<Thread<T, R>>, idleMs: number) {
    this.#start = start;
    this.#idleMs = idleMs;
  }

  /** Whether a thread is there. */
  get isAwake(): boolean {
    return this.#thread !== undefined;
  }

  /** Starts it, unless it is there. Errors: those of the start. */
  async wake(): Promise<void> {
    await this.#keep(async () => undefined);
  }

  /** Errors: those of the start; `unavailable` when it is closed, `internal` when the thread has died. */
  ask(work: T): Promise<R> {
    return this.#keep((thread) => thread.ask(work));
  }

  /** As `ask`, but the thread goes to rest as if it had not been asked. */
  askInPassing(work: T): Promise<R> {
    return this.isAwake ? this.#use((thread) => thread.ask(work)) : this.ask(work);
  }

  /** After what was asked before is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#end();
    await Promise.all(this.#ending);
  }

  async #keep<A>(work: (thread: Thread<T, R>) => Promise<A>): Promise<A> {
    clearTimeout(this.#rest);
    this.#asking += 1;
    try {
      return await this.#use(work);
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0 && !this.#closed) {
        this.#rest = setTimeout(() => this.#end(), this.#idleMs);
        this.#rest.unref();
      }
    }
  }

  async #use<A>(work: (thread: Thread<T, R>) => Promise<A>): Promise<A> {
    if (this.#closed) throw new Fault('unavailable', 'the store is closed');
    try {
      this.#thread ??= this.#start();
      return await work(await this.#thread);
    } catch (error) {
      // One that did not start or has died is not asked again.
      if (!(error instanceof Fault) || error.code === 'internal') this.#end();
      throw error;
    }
  }

  #end(): void {
    clearTimeout(this.#rest);
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    const ended = thread.then(
      (one) => one.close(),
      () => undefined,
    );
    this.#ending.add(ended);
    void ended.finally(() => {
      this.#ending.delete(ended);
      collectNextTime();
    });
  }
}
