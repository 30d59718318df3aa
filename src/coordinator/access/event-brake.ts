/**
 * A bound on events that strangers or mistaken programs can cause: so many per minute and key are
 * written, the rest is counted and told with the next one.
 */
import type { Clock } from '#lib';

interface Window {
  since: number;
  written: number;
  unwritten: number;
}

const windowMs = 60_000;
const maxKeys = 10_000;

export class EventBrake {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Undefined: only count it. Else how many were only counted since the last that was written. */
  pass(key: string): number | undefined {
    const now = this.#clock.now();
    let window = this.#windows.get(key);
    if (!window) {
      if (this.#windows.size >= maxKeys) this.#windows.clear();
      window = { since: now, written: 0, unwritten: 0 };
      this.#windows.set(key, window);
    }
    if (now - window.since >= windowMs) {
      window.since = now;
      window.written = 0;
    }
    if (window.written >= this.#perMinute) {
      window.unwritten += 1;
      return undefined;
    }
    window.written += 1;
    const { unwritten } = window;
    window.unwritten = 0;
    return unwritten;
  }
}
