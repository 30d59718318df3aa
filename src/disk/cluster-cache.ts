/** Compressed clusters that have been expanded lately: a guest reads them in small pieces, one after another. */

const cacheBytes = 8 * 1024 * 1024;

export class ClusterCache {
  readonly #limit: number;
  #clusters = new Map<number, Promise<Buffer>>();

  constructor(clusterBytes: number) {
    this.#limit = Math.max(4, cacheBytes / clusterBytes);
  }

  /** The cluster stored at the offset; `expand` reads it where it is not at hand. */
  load(offset: number, expand: () => Promise<Buffer>): Promise<Buffer> {
    const known = this.#clusters.get(offset);
    if (known !== undefined) return known;
    const loading = expand();
    this.#clusters.set(offset, loading);
    if (this.#clusters.size > this.#limit) {
      const [oldest] = this.#clusters.keys();
      if (oldest !== undefined) this.#clusters.delete(oldest);
    }
    loading.catch(() => this.#clusters.delete(offset));
    return loading;
  }

  /** What lies at the offset is given up and may become something else. */
  forget(offset: number): void {
    this.#clusters.delete(offset);
  }
}
