/**
 * Several pieces of work in flight, a bounded number of them, each with a buffer of its own that is used again.
 * How many may change while it goes on. The first failure stops the taking of new pieces; what is in flight is awaited, then the failure is thrown.
 */
import { sharedBuffer } from '../packing/shared-memory.ts';

export const chunkBytes = 1024 * 1024;
/** Pieces in flight, and so buffers of `chunkBytes`: as many as threads of Node.js read and write. */
export const defaultInFlight = 4;

export async function eachInFlight<T>(
  pieces: AsyncIterable<T>,
  inFlight: () => number,
  work: (piece: T, buffer: Buffer) => Promise<void>,
  bufferBytes = chunkBytes,
): Promise<void> {
  const idle: Buffer[] = [];
  const busy = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const piece of pieces) {
      if (failures.length > 0) break;
      const buffer = idle.pop() ?? sharedBuffer(bufferBytes);
      const turn: Promise<void> = work(piece, buffer).then(
        () => {
          idle.push(buffer);
          busy.delete(turn);
        },
        (error: unknown) => {
          failures.push(error);
          busy.delete(turn);
        },
      );
      busy.add(turn);
      while (busy.size >= inFlight()) await Promise.race(busy);
    }
  } finally {
    // nothing is left at work on files that the caller is about to close
    while (busy.size > 0) await Promise.race(busy);
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Results in the order of the pieces, a bounded number of them under way. `slot` counts from 0 below `inFlight`: what
 * belongs to a slot is not used again before its result has been taken.
 */
export async function* eachInOrder<T, R>(
  pieces: AsyncIterable<T>,
  inFlight: number,
  work: (piece: T, slot: number) => Promise<R>,
): AsyncGenerator<R> {
  const under: Promise<R>[] = [];
  let turn = 0;
  try {
    for await (const piece of pieces) {
      const started = work(piece, turn % inFlight);
      started.catch(() => undefined); // told when its turn comes
      under.push(started);
      turn += 1;
      if (under.length < inFlight) continue;
      const oldest = under.shift();
      if (oldest !== undefined) yield await oldest;
    }
    for (let next = under.shift(); next !== undefined; next = under.shift()) yield await next;
  } finally {
    await Promise.allSettled(under);
  }
}
