/** Progress of a verb: bytes of the guest dealt with, the rate, and what time is left at that rate. */
import { abortReason, systemClock, type Clock } from '#lib';

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  /** Undefined until a rate is known. */
  readonly remainingMs: number | undefined;
}

export interface VerbOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called at most five times a second, and once at the end. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly clock?: Clock | undefined;
}

const intervalMs = 200;

export class ProgressMeter {
  readonly #total: number;
  readonly #options: VerbOptions;
  readonly #clock: Clock;
  readonly #startMs: number;
  #done = 0;
  #saidMs: number;

  constructor(totalBytes: number, options: VerbOptions) {
    this.#total = totalBytes;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#startMs = this.#clock.now();
    this.#saidMs = this.#startMs;
  }

  /** Counts bytes. Faults: `cancelled` (or the signal's own reason) when the work is to stop. */
  add(bytes: number): void {
    if (this.#options.signal?.aborted) throw abortReason(this.#options.signal);
    this.#done += bytes;
    const now = this.#clock.now();
    if (now - this.#saidMs < intervalMs) return;
    this.#saidMs = now;
    this.#say(now);
  }

  end(): void {
    this.#done = this.#total;
    this.#say(this.#clock.now());
  }

  #say(nowMs: number): void {
    const elapsedMs = nowMs - this.#startMs;
    const bytesPerSecond = elapsedMs === 0 ? 0 : Math.round((this.#done / elapsedMs) * 1000);
    this.#options.onProgress?.({
      doneBytes: this.#done,
      totalBytes: this.#total,
      bytesPerSecond,
      remainingMs:
        bytesPerSecond === 0
          ? undefined
          : Math.round(((this.#total - this.#done) / bytesPerSecond) * 1000),
    });
  }
}
