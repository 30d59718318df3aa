/** How far content has come that is sent or fetched, how fast, and what time is left at that rate. */
export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  /** Undefined until a rate is known. */
  readonly remainingMs: number | undefined;
}

/** What was there already when this began is no part of the rate. */
export class TransferRate {
  readonly #startMs = performance.now();
  readonly #startBytes: number;
  readonly #totalBytes: number;

  constructor(startBytes: number, totalBytes: number) {
    this.#startBytes = startBytes;
    this.#totalBytes = totalBytes;
  }

  at(doneBytes: number): TransferProgress {
    const seconds = (performance.now() - this.#startMs) / 1000;
    const passed = doneBytes - this.#startBytes;
    const bytesPerSecond = seconds <= 0 || passed <= 0 ? 0 : Math.round(passed / seconds);
    const totalBytes = this.#totalBytes;
    const left = bytesPerSecond === 0 ? undefined : (totalBytes - doneBytes) / bytesPerSecond;
    const remainingMs = left === undefined ? undefined : Math.round(left * 1000);
    return { doneBytes, totalBytes, bytesPerSecond, remainingMs };
  }
}
