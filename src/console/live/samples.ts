/** What passes, for small graphs: the last minute or so of each thing, as long as the page is open. */
import type { DiskUse, NetworkUse } from '#api';

export interface Sample {
  /** Null while there is none. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly diskUse: DiskUse | null;
  readonly networkUse: NetworkUse | null;
}

const maxThings = 2000;
const maxSamples = 40;

export class Samples {
  readonly #things = new Map<string, readonly Sample[]>();

  note(id: string, sample: Sample): void {
    const before = this.#things.get(id) ?? [];
    // Those not heard of for longest go first: a map is in the order of insertion.
    this.#things.delete(id);
    this.#things.set(id, [...before.slice(1 - maxSamples), sample]);
    if (this.#things.size <= maxThings) return;
    for (const oldest of this.#things.keys()) {
      this.#things.delete(oldest);
      return;
    }
  }

  of(id: string): readonly Sample[] {
    return this.#things.get(id) ?? [];
  }

  forget(id: string): void {
    this.#things.delete(id);
  }
}
