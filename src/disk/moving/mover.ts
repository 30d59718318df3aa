/**
 * Threads that move bytes between files of the host, each with system calls of its own: the program's thread only says what goes
 * where. One set of them for the process. They never keep one alive that has nothing to do, and end some time after the last of
 * those who may ask them has left. What waits is bounded by those who ask: each has a bounded number of orders under way.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { assert, Fault } from '#lib';
import type { PlainRun } from '../disk.ts';
import type { DiskFile } from '../file/disk-file.ts';
import { hostFault } from '../file/node-file.ts';
import { startWorker } from '../worker.ts';
import type { MoveAnswer, MoveFailure, MoveOrder, MoveRun } from './move.ts';

const script = new URL('./move-thread.ts', import.meta.url);
/** Hosts write to a file one after the other: more than some threads only wait for each other. */
const maxThreads = 4;
const idleMs = 1000;

export interface Move {
  readonly runs: readonly PlainRun[];
  readonly target: DiskFile;
  /** Where the guest's first byte would lie in the target. */
  readonly origin: number;
  readonly unit: number;
}

interface Asked {
  readonly move: Move;
  readonly done: PromiseWithResolvers<void>;
}

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  /** Ready, or ended. */
  readonly begun: PromiseWithResolvers<void>;
  /** In the order in which they are answered. */
  readonly asked: Asked[];
}

class Mover {
  readonly #threads = new Set<Thread>();
  #idleTimer: NodeJS.Timeout | undefined;
  #users = 0;

  /** Whoever may ask them: until `leave` those that are ready stay so. */
  enter(): void {
    this.#users += 1;
    clearTimeout(this.#idleTimer);
  }

  /** Starts what is not there; returns when one of them is ready (`isReady`), or none will be. */
  async start(): Promise<void> {
    const limit = Math.min(availableParallelism(), maxThreads);
    // where there is one processor, a thread only takes it from the program
    if (limit === 1) return;
    while (this.#threads.size < limit) this.#startThread();
    await Promise.race([...this.#threads].map(({ begun }) => begun.promise));
  }

  /** A thread that only begins would keep the process alive until it had been idle for long. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const thread of this.#threads) {
      if (thread.isReady) continue;
      this.#threads.delete(thread);
      void thread.worker.terminate();
    }
    this.#idleTimer = setTimeout(() => this.#end(), idleMs).unref();
  }

  get isReady(): boolean {
    return [...this.#threads].some((thread) => thread.isReady);
  }

  /** For who has entered. Faults: of the host, which name the file and the place in it; `internal` where no thread is left. */
  async move(move: Move): Promise<void> {
    const ready = [...this.#threads].filter(({ isReady }) => isReady);
    const [first, ...others] = ready;
    if (first === undefined) throw failed(undefined);
    const thread = others.reduce(
      (least, one) => (one.asked.length < least.asked.length ? one : least),
      first,
    );
    const done = Promise.withResolvers<void>();
    const order = orderOf(move);
    thread.asked.push({ move, done });
    thread.worker.ref();
    thread.worker.postMessage(order);
    await done.promise;
  }

  #startThread(): void {
    const worker = startWorker('mover', script);
    const thread: Thread = {
      worker,
      isReady: false,
      begun: Promise.withResolvers(),
      asked: [],
    };
    this.#threads.add(thread);
    worker.on('message', (answer: MoveAnswer) => {
      if (answer !== 'ready') return this.#settle(thread, answer);
      thread.isReady = true;
      worker.unref(); // said before it has begun, it does not last
      thread.begun.resolve();
    });
    worker.on('error', (cause) => this.#fail(thread, cause));
    worker.on('exit', () => this.#fail(thread, undefined));
  }

  #settle(thread: Thread, answer: MoveFailure | undefined): void {
    const asked = thread.asked.shift();
    assert(asked !== undefined, 'a thread answers what it was asked');
    if (answer === undefined) asked.done.resolve();
    else asked.done.reject(faultOf(asked.move, answer));
    if (thread.asked.length === 0) thread.worker.unref();
  }

  #fail(thread: Thread, cause: unknown): void {
    this.#threads.delete(thread);
    thread.begun.resolve();
    for (const { done } of thread.asked.splice(0)) done.reject(failed(cause));
  }

  /** Their memory is given back. */
  #end(): void {
    const idle = [...this.#threads];
    this.#threads.clear();
    for (const { worker } of idle) void worker.terminate();
  }
}

function failed(cause: unknown): Fault {
  return new Fault('internal', 'a thread that copies disks has failed', { cause });
}

function orderOf({ runs, target, origin, unit }: Move): MoveOrder {
  return {
    runs: runs.map(({ file, fileOffset, length, offset }): MoveRun => ({
      descriptor: descriptorOf(file),
      fileOffset,
      length,
      offset,
    })),
    descriptor: descriptorOf(target),
    origin,
    unit,
  };
}

function descriptorOf({ descriptor, name }: DiskFile): number {
  assert(descriptor !== undefined, `${name} is an open file of the host`);
  return descriptor;
}

function faultOf({ runs, target }: Move, failure: MoveFailure): Fault {
  const { doing, fileOffset, code, errno, message } = failure;
  const name = doing === 'write' ? target.name : (runs[failure.run]?.file.name ?? '');
  const error = Object.assign(new Error(message), { code, errno });
  const way = doing === 'write' ? 'write to' : 'read from';
  return hostFault(name, `${way} byte ${fileOffset} of`, error);
}

let mover: Mover | undefined;

export function theMover(): Mover {
  mover ??= new Mover();
  return mover;
}
