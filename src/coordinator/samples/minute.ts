/**
 * The minute that has not ended: what each thing was told to be, added up. Its memory is ten bytes for
 * each metric and thing and a map entry, whatever happens in it.
 */
import { sampleMetricNames } from '#api';
import type { SampleBlock } from '../store/store.ts';
import { encodePending } from './codec.ts';
import { columnIn, makeGrid } from './grid.ts';
import { shardOf } from './levels.ts';
import { columnOf, type Row } from './metrics.ts';

const width = sampleMetricNames.length;

export class Minute {
  readonly start: number;
  readonly #slots = new Map<string, number>();
  readonly #shards = new Map<string, string[]>();
  #sums = new Float64Array(64 * width);
  #counts = new Uint16Array(64 * width);

  constructor(start: number) {
    this.start = start;
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** At most 65,535 times of a thing. */
  note(id: string, row: Row): void {
    const base = this.#slot(id) * width;
    for (let metric = 0; metric < width; metric += 1) {
      const value = row[metric] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      const at = base + metric;
      this.#sums[at] = (this.#sums[at] ?? 0) + value;
      this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    }
  }

  /** The averages so far; undefined of a thing that was not noted. */
  averagesOf(id: string): Row | undefined {
    const slot = this.#slots.get(id);
    if (slot === undefined) return undefined;
    return sampleMetricNames.map((_, metric) => this.#average(slot * width + metric));
  }

  /** The minute as blocks, one for each shard. */
  *blocks(): Generator<SampleBlock> {
    for (const key of [...this.#shards.keys()].sort()) {
      const ids = this.#shards.get(key) ?? [];
      const bases = ids.map((id) => this.#slot(id) * width);
      const grid = makeGrid(ids.length);
      for (const [metric, name] of sampleMetricNames.entries()) {
        const values = columnIn(grid, columnOf(name, 'average'));
        for (const [point, base] of bases.entries()) values[point] = this.#average(base + metric);
      }
      yield { level: 'pending', start: this.start, key, data: encodePending({ ids, grid }) };
    }
  }

  /** NaN where nothing was noted. */
  #average(at: number): number {
    return (this.#sums[at] ?? 0) / (this.#counts[at] ?? 0);
  }

  #slot(id: string): number {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = this.#slots.size;
      this.#slots.set(id, slot);
      const others = this.#shards.get(shardOf(id));
      if (others === undefined) this.#shards.set(shardOf(id), [id]);
      else others.push(id);
      if ((slot + 1) * width > this.#counts.length) this.#grow();
    }
    return slot;
  }

  #grow(): void {
    const sums = new Float64Array(this.#sums.length * 2);
    sums.set(this.#sums);
    this.#sums = sums;
    const counts = new Uint16Array(this.#counts.length * 2);
    counts.set(this.#counts);
    this.#counts = counts;
  }
}
