/** Waiting in tests for what a fake hears: looked at whenever something arrives. */
export class Watchers {
  readonly #looks = new Set<() => void>();

  /** Something arrived. */
  wake(): void {
    for (const look of this.#looks) look();
  }

  /** Resolves as soon as the condition holds. */
  async until(what: string, condition: () => boolean, limitMs?: number): Promise<void> {
    await this.find(
      () => what,
      () => (condition() ? true : undefined),
      limitMs,
    );
  }

  /**
   * Resolves with what is looked for as soon as it is there; rejects with what `find` throws, and with `what` was waited for
   * when it does not come.
   */
  async find<T>(what: () => string, find: () => T | undefined, limitMs = 60_000): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = (): void => {
      try {
        const found = find();
        if (found !== undefined) resolve(found);
      } catch (error) {
        reject(error);
      }
    };
    const timer = setTimeout(
      () => reject(new Error(`not within ${limitMs} ms: ${what()}`)),
      limitMs,
    );
    this.#looks.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#looks.delete(look);
    }
  }
}
