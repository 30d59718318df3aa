/** A clock that stands still until it is told to go on: tests of hours take milliseconds. */
import type { Clock } from '#lib';
import { abortReason } from '#lib';

interface Sleeper {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

export class HeldClock implements Clock {
  #nowMs: number;
  #order = 0;
  #sleepers: Sleeper[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  get waiting(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) {
      reject(abortReason(signal));
      return promise;
    }
    this.#order += 1;
    const sleeper = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order, wake: resolve };
    this.#sleepers.push(sleeper);
    signal?.addEventListener(
      'abort',
      () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(abortReason(signal));
      },
      { once: true },
    );
    return promise;
  }

  /** Lets the time pass, waking sleepers in their order, with everything that follows from each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const [next] = this.#sleepers.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (!next || next.atMs > untilMs) break;
      this.#sleepers.shift();
      this.#nowMs = next.atMs;
      next.wake();
    }
    this.#nowMs = untilMs;
    await settle();
  }

  /** Lets time pass until the work has ended, at most `limitMs` of it. */
  async finish<T>(work: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const state = { done: false };
    const end = (): void => {
      state.done = true;
    };
    work.then(end, end);
    for (let passedMs = 0; !state.done && passedMs <= limitMs; passedMs += 50) {
      await this.advance(50);
    }
    return work;
  }
}

/** Everything that is ready runs: promises, and the small file writes of records. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
