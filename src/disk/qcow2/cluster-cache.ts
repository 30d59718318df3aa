/** Compressed clusters that have been expanded lately: a guest reads them in small pieces, one after another. */
import type { DiskFile } from '../file/disk-file.ts';
import { fileFault } from '../structure.ts';
import { expandCluster } from './compression.ts';

const cacheBytes = 8 * 1024 * 1024;

export class ClusterCache {
  readonly #file: DiskFile;
  readonly #method: 'zlib' | 'zstd';
  readonly #clusterBytes: number;
  readonly #limit: number;
  #clusters = new Map<number, Promise<Buffer>>();

  constructor(file: DiskFile, method: 'zlib' | 'zstd', clusterBytes: number) {
    this.#file = file;
    this.#method = method;
    this.#clusterBytes = clusterBytes;
    this.#limit = Math.max(4, cacheBytes / clusterBytes);
  }

  /** The cluster stored at the offset. Faults: `corrupt` when it cannot be expanded to a whole cluster. */
  load(offset: number, storedBytes: number): Promise<Buffer> {
    const known = this.#clusters.get(offset);
    if (known !== undefined) return known;
    const loading = this.#expand(offset, storedBytes);
    this.#clusters.set(offset, loading);
    if (this.#clusters.size > this.#limit) {
      for (const oldest of this.#clusters.keys()) {
        this.#clusters.delete(oldest);
        break;
      }
    }
    loading.catch(() => this.#clusters.delete(offset));
    return loading;
  }

  /** What lies at the offset is given up and may become something else. */
  forget(offset: number): void {
    this.#clusters.delete(offset);
  }

  async #expand(offset: number, storedBytes: number): Promise<Buffer> {
    const place = { format: 'qcow2', structure: 'compressed cluster', offset };
    const stored = Buffer.alloc(storedBytes);
    const count = await this.#file.read(stored, offset);
    let cluster: Buffer;
    try {
      cluster = await expandCluster(this.#method, stored.subarray(0, count), this.#clusterBytes);
    } catch (error) {
      throw fileFault(this.#file, place, 'cannot be expanded', 'corrupt', error);
    }
    if (cluster.length === this.#clusterBytes) return cluster;
    throw fileFault(
      this.#file,
      place,
      `expands to ${cluster.length} of ${this.#clusterBytes} bytes`,
    );
  }
}
