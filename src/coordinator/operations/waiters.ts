/** Those who wait for the end of an operation. */
import type { Clock } from '#lib';

export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the operation's end, when the time is over or when the signal aborts. */
  async wait(id: string, limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (limitMs <= 0 || signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const those = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, those);
    those.add(resolve);
    const woken = new AbortController();
    const either = signal === undefined ? woken.signal : AbortSignal.any([signal, woken.signal]);
    const over = this.#clock.sleep(limitMs, either).catch(() => undefined);
    await Promise.race([promise, over]);
    woken.abort();
    those.delete(resolve);
    if (those.size === 0) this.#waiting.delete(id);
  }

  /** The operation is at its end. */
  wake(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve();
  }

  wakeAll(): void {
    for (const id of this.#waiting.keys()) this.wake(id);
  }
}
