/** Waiting in tests for what a fake hears: looked at whenever something arrives. */
export class Watchers {
  readonly #looks = new Set<() => void>();

  /** Something arrived. */
  wake(): void {
    for (const look of this.#looks) look();
  }

  /** Resolves as soon as the condition holds. */
  async until(what: string, condition: () => boolean, limitMs = 15_000): Promise<void> {
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition()) resolve();
    };
    const timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${what}`)), limitMs);
    this.#looks.add(look);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#looks.delete(look);
    }
  }
}
