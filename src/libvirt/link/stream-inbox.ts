/**
 * What has arrived on one stream and is not read yet. Bounded: when it is full the whole link is held,
 * since libvirt's streams have no credit of their own, and released when half of it is read. Whoever
 * moves much data therefore gives it a connection of its own.
 */
import { abortReason, type Fault } from '#lib';
import type { Link } from './link.ts';

/** A piece of a stream: bytes, or a hole of zeros that is not sent (sparse streams). */
export type StreamPart =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'hole'; readonly lengthBytes: bigint };

const fullBytes = 1024 * 1024;
/** A hole or a piece costs at least this, so that many small ones are bounded too. */
const leastPartBytes = 256;

export class StreamInbox {
  readonly #link: Link;
  #parts: StreamPart[] = [];
  #heldBytes = 0;
  #holding = false;
  #ended = false;
  #fault: Fault | undefined;
  #wake: (() => void) | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  push(part: StreamPart): void {
    if (this.#ended) return;
    this.#parts.push(part);
    this.#heldBytes += costOf(part);
    if (this.#heldBytes >= fullBytes && !this.#holding) {
      this.#holding = true;
      this.#link.hold();
    }
    this.#wake?.();
  }

  /** No more will come. With a fault, the reader gets the fault instead of what it has not read. */
  end(fault?: Fault): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#fault = fault;
    if (fault) this.discard();
    this.#wake?.();
  }

  /** Forgets what has arrived, and lets the link go on. */
  discard(): void {
    this.#parts = [];
    this.#heldBytes = 0;
    this.#letGo();
  }

  /** The next part; undefined at the end. Errors: the fault given to `end`; the signal's reason. */
  async next(signal?: AbortSignal): Promise<StreamPart | undefined> {
    for (;;) {
      if (signal?.aborted) throw abortReason(signal);
      const part = this.#parts.shift();
      if (part) {
        this.#heldBytes -= costOf(part);
        if (this.#heldBytes <= fullBytes / 2) this.#letGo();
        return part;
      }
      if (this.#fault) throw this.#fault;
      if (this.#ended) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const onAbort = (): void => resolve();
      signal?.addEventListener('abort', onAbort, { once: true });
      await promise;
      signal?.removeEventListener('abort', onAbort);
      this.#wake = undefined;
    }
  }

  #letGo(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.#link.release();
  }
}

function costOf(part: StreamPart): number {
  return part.kind === 'data' ? Math.max(part.bytes.length, leastPartBytes) : leastPartBytes;
}
