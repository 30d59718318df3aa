/**
 * The committed order, fanned out. One ring of the newest changes, bounded in number and length, serves every watcher, so that a
 * watcher costs a number and no queue of its own; who begins further back is first read to from the
 * engine's table of changes.
 *
 * Invariant: a watcher gets every change after its number once and in order. One that has reached the
 * ring and falls out of it again is too slow and is cut off with `exhausted`.
 */
import { abortReason, assert, Fault } from '#lib';
import type { Change } from './store.ts';

/** Changes after the number, oldest first, at most `limit`. Errors: `stale` with the fact `pruned`. */
export type ReadChanges = (after: number, limit: number) => Promise<readonly Change[]>;

const pageChanges = 256;

/** What a watcher is told that asks for what is no longer kept. */
export function prunedFault(after: number): Fault {
  return new Fault('stale', `the changes after number ${after} are no longer kept`, {
    facts: { pruned: true, after },
    hint: 'read everything again and watch from there',
  });
}

export class Feed {
  readonly #ring: ({ readonly change: Change; readonly length: number } | undefined)[];
  readonly #maxLength: number;
  /** UTF-16 units of what is in the ring. */
  #length = 0;
  #trimming: NodeJS.Immediate | undefined;
  readonly #readChanges: ReadChanges;
  #last: number;
  /** Number of the oldest change in the ring; above #last while it is empty. */
  #first: number;
  #wake = Promise.withResolvers<void>();
  #closed: Error | undefined;

  constructor(
    head: number,
    bounds: { readonly changes: number; readonly length: number },
    readChanges: ReadChanges,
  ) {
    this.#ring = Array.from({ length: bounds.changes });
    this.#maxLength = bounds.length;
    this.#last = head;
    this.#first = head + 1;
    this.#readChanges = readChanges;
    this.#wake.promise.catch(() => undefined);
  }

  get head(): number {
    return this.#last;
  }

  /** `length`: of its JSON, in UTF-16 units. */
  push(change: Change, length: number): void {
    assert(change.seq === this.#last + 1, `change ${change.seq} follows ${this.#last}`);
    if (this.#last - this.#first + 1 === this.#ring.length) this.#drop();
    this.#last = change.seq;
    this.#ring[change.seq % this.#ring.length] = { change, length };
    this.#length += length;
    // Whoever follows has a turn before large changes go.
    if (this.#length > this.#maxLength) this.#trimming ??= setImmediate(() => this.#trim());
    const wake = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    wake.resolve();
  }

  #trim(): void {
    this.#trimming = undefined;
    while (this.#length > this.#maxLength) this.#drop();
  }

  /** Forgets the oldest. */
  #drop(): void {
    const at = this.#first % this.#ring.length;
    this.#length -= this.#ring[at]?.length ?? 0;
    this.#ring[at] = undefined;
    this.#first += 1;
  }

  /** Ends every watch with the error. */
  close(error: Error): void {
    clearImmediate(this.#trimming);
    this.#closed ??= error;
    this.#wake.resolve();
  }

  async *watch(after: number, signal: AbortSignal): AsyncGenerator<Change, void, undefined> {
    if (after > this.#last) throw prunedFault(after);
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    let at = after;
    let inRing = false;
    try {
      while (!signal.aborted) {
        if (this.#closed !== undefined) throw this.#closed;
        if (at === this.#last) {
          inRing = true;
          await Promise.race([this.#wake.promise, aborted.promise]);
          continue;
        }
        const change =
          at + 1 < this.#first ? undefined : this.#ring[(at + 1) % this.#ring.length]?.change;
        if (change !== undefined) {
          inRing = true;
          at = change.seq;
          yield change;
          continue;
        }
        if (inRing) throw tooSlow(at);
        for (const older of await this.#readChanges(at, Math.min(pageChanges, this.#last - at))) {
          if (signal.aborted) return;
          assert(older.seq === at + 1, `change ${older.seq} is read after ${at}`);
          at = older.seq;
          yield older;
        }
      }
      const reason = abortReason(signal);
      if (!(reason instanceof Fault && reason.code === 'cancelled')) throw reason;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

function tooSlow(after: number): Fault {
  return new Fault('exhausted', `a watcher is too slow: it stands at change ${after}`, {
    facts: { after },
    hint: `watch again from number ${after}`,
  });
}
