/** Tells that something happened since it was last looked at, however often. */
export class Bell {
  #rang = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rang = true;
    this.#wake?.();
  }

  hush(): void {
    this.#rang = false;
  }

  /** True as soon as it has rung; false after the time, or when the signal aborts. For one listener. */
  async within(limitMs: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#rang && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = (): void => resolve();
      const timer = setTimeout(end, limitMs);
      signal.addEventListener('abort', end, { once: true });
      this.#wake = end;
      await promise;
      this.#wake = undefined;
      signal.removeEventListener('abort', end);
      clearTimeout(timer);
    }
    return this.#rang;
  }
}
