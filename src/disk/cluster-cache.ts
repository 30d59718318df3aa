/** Compressed clusters that have been expanded lately: a guest reads them in small pieces, one after another. */

const cacheBytes = 8 * 1024 * 1024;

/** Fills a buffer with a whole cluster. */
type Expand = (into: Uint8Array) => Promise<void>;

export class ClusterCache {
  readonly #clusterBytes: number;
  readonly #limit: number;
  #clusters = new Map<number, Promise<Uint8Array>>();

  constructor(clusterBytes: number) {
    this.#clusterBytes = clusterBytes;
    this.#limit = Math.max(4, cacheBytes / clusterBytes);
  }

  /** Fills the buffer from the cluster stored at the offset, `skip` bytes in; `expand` is for one that is not at hand. */
  async read(offset: number, skip: number, into: Uint8Array, expand: Expand): Promise<void> {
    const known = this.#clusters.get(offset);
    // whoever takes a cluster whole does not come back for the rest of it
    if (known === undefined && into.length === this.#clusterBytes) return await expand(into);
    const cluster = await (known ?? this.#load(offset, expand));
    into.set(cluster.subarray(skip, skip + into.length));
  }

  /** What lies at the offset is given up and may become something else. */
  forget(offset: number): void {
    this.#clusters.delete(offset);
  }

  #load(offset: number, expand: Expand): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(this.#clusterBytes);
    const loading = expand(bytes).then(() => bytes);
    this.#clusters.set(offset, loading);
    if (this.#clusters.size > this.#limit) {
      const [oldest] = this.#clusters.keys();
      if (oldest !== undefined) this.#clusters.delete(oldest);
    }
    loading.catch(() => this.#clusters.delete(offset));
    return loading;
  }
}
