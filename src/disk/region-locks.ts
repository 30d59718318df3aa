/** Serialises work within a region of a disk, lets different regions run side by side. */
export class RegionLocks {
  #tails = new Map<number, Promise<void>>();

  async run<T>(region: number, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(region);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(region, promise);
    if (before !== undefined) await before;
    try {
      return await work();
    } finally {
      if (this.#tails.get(region) === promise) this.#tails.delete(region);
      resolve();
    }
  }
}
