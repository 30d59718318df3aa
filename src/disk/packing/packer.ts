/**
 * Packs and unpacks pieces of disks. Where several pieces wait at once, threads do it, each several at a time; a small
 * one that comes alone is unpacked in place, sooner than a thread would hear of it.
 *
 * There is one set of these threads for the process, as there is one pool of Node.js. They are started by what waits for
 * them, never keep a process alive that has nothing to do, and end when nothing was asked of them for a while. What
 * waits is bounded by those who ask: each awaits its pieces, and has a bounded number of them under way.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Fault } from '#lib';
import { startWorker } from '../worker.ts';
import { runPiece, type Packing } from './codec.ts';
import type { PackAnswer, PackOrder, PieceOrder } from './messages.ts';
import { isShared, sharedBuffer } from './shared-memory.ts';

const script = new URL('./pack-thread.ts', import.meta.url);
const maxThreads = 4;
const idleMs = 1000;

/** Of one order, on its way there and on its way back; a single piece may be larger. */
const maxOrderBytes = 512 * 1024;

/** Up to here a piece is unpacked faster (some 100 µs) than a thread is asked to do it. */
const inPlaceBytes = 128 * 1024;

interface Piece extends PieceOrder {
  readonly done: PromiseWithResolvers<number>;
}

interface Thread {
  readonly worker: Worker;
  /** What it is at work on; nothing: it is idle. */
  order: readonly Piece[];
  /** The same as the thread was told: what was not in shared memory is in the thread's room. */
  sent: PackOrder;
  room: Uint8Array;
}

class Packer {
  readonly #threads = new Set<Thread>();
  #waiting: Piece[] = [];
  #isDue = false;
  #idleTimer: NodeJS.Timeout | undefined;

  ask(
    packing: Packing,
    doing: PieceOrder['doing'],
    bytes: Uint8Array,
    into: Uint8Array,
  ): Promise<number> {
    const done = Promise.withResolvers<number>();
    this.#waiting.push({ packing, doing, bytes, into, done });
    // Pieces mostly come in bursts, and are shared out when all of a burst are there.
    if (!this.#isDue) setImmediate(() => this.#shareOut());
    this.#isDue = true;
    return done.promise;
  }

  #shareOut(): void {
    this.#isDue = false;
    const idle = [...this.#threads].filter(({ order }) => order.length === 0);
    const isBusy = idle.length < this.#threads.size;
    const [piece] = this.#waiting;
    if (piece !== undefined && this.#waiting.length === 1 && !isBusy && isForHere(piece)) {
      this.#waiting = [];
      workHere(piece);
      return;
    }
    const limit = Math.min(availableParallelism(), maxThreads);
    while (this.#threads.size < limit && idle.length < this.#waiting.length)
      idle.push(this.#start());
    for (const [index, thread] of idle.entries())
      this.#send(thread, this.#take(Math.ceil(this.#waiting.length / (idle.length - index))));
    this.#watchIdle();
  }

  /** The pieces that have waited longest, at most so many. */
  #take(count: number): readonly Piece[] {
    let taken = 0;
    let [input, output] = [0, 0];
    for (const { bytes, into } of this.#waiting.slice(0, count)) {
      [input, output] = [input + bytes.length, output + into.length];
      if (taken > 0 && Math.max(input, output) > maxOrderBytes) break;
      taken += 1;
    }
    return this.#waiting.splice(0, taken);
  }

  #send(thread: Thread, order: readonly Piece[]): void {
    thread.order = order;
    if (order.length === 0) {
      thread.worker.unref();
      return;
    }
    thread.worker.ref();
    thread.sent = carry(thread, order);
    thread.worker.postMessage(thread.sent);
  }

  #start(): Thread {
    const worker = startWorker('packer', script);
    const thread: Thread = { worker, order: [], sent: [], room: new Uint8Array() };
    this.#threads.add(thread);
    worker.on('message', (answer: PackAnswer) => {
      settle(thread, answer);
      this.#send(thread, this.#take(Math.ceil(this.#waiting.length / this.#threads.size)));
      this.#watchIdle();
    });
    worker.on('error', (cause) => this.#fail(thread, cause));
    worker.on('exit', () => this.#fail(thread, undefined));
    return thread;
  }

  #fail(thread: Thread, cause: unknown): void {
    this.#threads.delete(thread);
    const fault = new Fault('internal', 'a thread that packs disks has failed', { cause });
    for (const { done } of thread.order) done.reject(fault);
    thread.order = [];
    if (this.#waiting.length > 0) this.#shareOut();
  }

  /** Threads that have nothing to do give their memory back. */
  #watchIdle(): void {
    clearTimeout(this.#idleTimer);
    if ([...this.#threads].some(({ order }) => order.length > 0)) return;
    this.#idleTimer = setTimeout(() => {
      const idle = [...this.#threads];
      this.#threads.clear();
      for (const { worker } of idle) void worker.terminate();
    }, idleMs).unref();
  }
}

function isForHere({ doing, into }: Piece): boolean {
  return doing === 'unpack' && into.length <= inPlaceBytes;
}

function workHere({ packing, doing, bytes, into, done }: Piece): void {
  try {
    done.resolve(runPiece(packing, doing, bytes, into));
  } catch (error) {
    done.reject(error);
  }
}

/** The order for the thread: what is not in shared memory gets a place in its room. */
function carry(thread: Thread, order: readonly Piece[]): PackOrder {
  const apart = (bytes: Uint8Array): number => (isShared(bytes) ? 0 : bytes.length);
  const wanted = order.reduce((sum, { bytes, into }) => sum + apart(bytes) + apart(into), 0);
  if (thread.room.length < wanted) thread.room = sharedBuffer(wanted);
  let at = 0;
  const place = (bytes: Uint8Array): Uint8Array => {
    if (isShared(bytes)) return bytes;
    at += bytes.length;
    return thread.room.subarray(at - bytes.length, at);
  };
  return order.map(({ packing, doing, bytes, into }) => {
    const sent = { packing, doing, bytes: place(bytes), into: place(into) };
    if (sent.bytes !== bytes) sent.bytes.set(bytes);
    return sent;
  });
}

function settle({ order, sent }: Thread, answer: PackAnswer): void {
  for (const [index, { done, into }] of order.entries()) {
    const result = answer[index] ?? 'no answer';
    const made = sent[index]?.into;
    if (typeof result === 'string') done.reject(new Error(result));
    else {
      if (made !== undefined && made !== into) into.set(made.subarray(0, result));
      done.resolve(result);
    }
  }
}

let packer: Packer | undefined;

/** Room that the packed form of so many bytes needs at most. */
export function packedRoom(bytes: number): number {
  return bytes + 1024;
}

/** Fills `into`, of `packedRoom`, with the bytes in stored form; answers its length. */
export function packInto(packing: Packing, bytes: Uint8Array, into: Uint8Array): Promise<number> {
  packer ??= new Packer();
  return packer.ask(packing, 'pack', bytes, into);
}

/**
 * Fills `into` with what was packed; answers how much that is. What follows the end of the compressed data is ignored.
 * Errors: what zlib says, also of more than there is room for.
 */
export function unpackInto(
  packing: Packing,
  stored: Uint8Array,
  into: Uint8Array,
): Promise<number> {
  packer ??= new Packer();
  return packer.ask(packing, 'unpack', stored, into);
}
