/** Rates out of counters that only grow: the difference of two readings by the time between them. */

export class Rates<K extends string> {
  #last: { readonly counters: Readonly<Record<K, number>>; readonly atMs: number } | undefined;
  #perSecond: Readonly<Record<K, number>> | null = null;

  /** Null until there are two readings. */
  get perSecond(): Readonly<Record<K, number>> | null {
    return this.#perSecond;
  }

  /** A counter that has shrunk began anew: for that time there is no rate. */
  note(counters: Readonly<Record<K, number>>, atMs: number): void {
    const last = this.#last;
    if (last && atMs <= last.atMs) return;
    this.#last = { counters, atMs };
    const names = Object.keys(counters) as K[];
    if (!last || names.some((name) => counters[name] < last.counters[name])) {
      this.#perSecond = null;
      return;
    }
    const seconds = (atMs - last.atMs) / 1000;
    const rates = names.map((name) => {
      const rate = (counters[name] - last.counters[name]) / seconds;
      return [name, Math.round(rate * 10) / 10] as const;
    });
    this.#perSecond = Object.fromEntries(rates) as Record<K, number>;
  }

  /** What was counted belongs to something that is no more. */
  forget(): void {
    this.#last = undefined;
    this.#perSecond = null;
  }
}
