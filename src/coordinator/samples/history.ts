/**
 * What was written down, in two directions: hours that are over become blocks of their things, and a
 * thing's figures of any stretch of time are read.
 *
 * Invariant: closing an hour again gives what it gave before, and what has come of it since. So a crash in
 * between, or a clock that was set back, loses nothing that was written.
 */
import { setImmediate } from 'node:timers/promises';
import { describeFault, isFault, type Clock } from '#lib';
import type { Log } from '#log';
import { sampleMetricNames, type SampleMetric } from '#api';
import { sampleLevels, type SampleBlock, type Store } from '../store/store.ts';
import { decodeBlock, decodePending, encodeBlock } from './codec.ts';
import { coarsen, columnIn, makeGrid, overlay, type Grid } from './grid.ts';
import { floorTo, hourMs, levels, minuteMs, shardOf, shards, type ThingLevel } from './levels.ts';
import { columnOf } from './metrics.ts';
import type { Gathered } from './record.ts';

/** Of hours that are not closed the last ones are looked at; more than one there is only after a start. */
const maxOpenMs = 3 * hourMs;
/** Things after which others get their turn. */
const atOnce = 16;
/** Things whose blocks are read together. */
const togetherThings = 1_000;
/** Blocks that are written together: fewer would write the same pages of the disk again and again. */
const togetherBlocks = 1_500;

export interface HistoryOptions {
  readonly store: Pick<Store, 'putSamples' | 'samples' | 'firstSamples' | 'prune'>;
  readonly clock: Clock;
  readonly log: Log;
  /** What is known of the thing's minute that has not ended. */
  readonly gathering: (id: string) => Gathered | undefined;
}

export class SampleHistory {
  readonly #options: HistoryOptions;
  /** The hours before are closed; undefined: not looked yet. */
  #openFrom: number | undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Closes the hours that lie wholly before. */
  async close(writtenTo: number, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    if (this.#openFrom !== undefined && this.#openFrom + hourMs > writtenTo) return;
    // Looked up again: a clock that was set back has written into hours that were closed.
    let openFrom = await this.#firstOpen(writtenTo);
    while (openFrom + hourMs <= writtenTo) {
      let blocks: SampleBlock[] = [];
      for (const shard of shards) {
        if (signal.aborted) return;
        for await (const some of this.#closeShard(openFrom, shard)) {
          blocks.push(...some);
          if (blocks.length < togetherBlocks) continue;
          await this.#put(blocks);
          blocks = [];
        }
      }
      await this.#put(blocks);
      await store.prune({ samplesBefore: { pending: openFrom + hourMs } });
      openFrom = await this.#firstOpen(writtenTo);
      this.#openFrom = openFrom;
    }
    this.#openFrom = openFrom;
  }

  /**
   * The thing's points from `fromMs` to before `toMs`, both multiples of the level's step. What is of
   * another step than a minute has the least and the most beside the average.
   */
  async read(id: string, level: ThingLevel, fromMs: number, toMs: number): Promise<Grid> {
    const { stepMs, spanMs } = levels[level];
    // Pending ones first: an hour that is closed meanwhile is then read twice, not missed.
    const open = await this.#readOpen(id, fromMs, toMs);
    const { store } = this.#options;
    const blocks = await store.samples(level, multiples(fromMs, toMs, spanMs), [id]);
    const grid = makeGrid((toMs - fromMs) / stepMs);
    for (const block of blocks) {
      const stored = this.#decode(block, decodeBlock);
      if (stored !== undefined) overlay(grid, stored, (block.start - fromMs) / stepMs);
    }
    const fresh = level === 'minute' ? open.grid : coarsenAll(open.grid, stepMs / minuteMs);
    overlay(grid, fresh, (open.start - fromMs) / stepMs);
    return grid;
  }

  /** Minutes of the hours that are not closed yet, with the one that has not ended. */
  async #readOpen(
    id: string,
    fromMs: number,
    toMs: number,
  ): Promise<{ readonly start: number; readonly grid: Grid }> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const oldest = floorTo(now - maxOpenMs, hourMs);
    const openFrom = Math.max(oldest, this.#openFrom ?? oldest);
    // Whole hours, so that any level's steps begin where these do.
    const start = Math.max(openFrom, floorTo(fromMs, hourMs));
    const end = Math.max(start, Math.min(toMs, floorTo(now, minuteMs) + minuteMs));
    const grid = makeGrid(Math.ceil((end - start) / minuteMs));
    const starts = multiples(start, end, minuteMs);
    for (const block of await store.samples('pending', starts, [shardOf(id)])) {
      const pending = this.#decode(block, decodePending);
      const place = pending?.ids.indexOf(id) ?? -1;
      if (pending === undefined || place < 0) continue;
      const point = (block.start - start) / minuteMs;
      for (const [column, values] of pending.grid.columns)
        columnIn(grid, column)[point] = values[place] ?? Number.NaN;
    }
    const gathered = this.#options.gathering(id);
    const point = ((gathered?.start ?? end) - start) / minuteMs;
    if (gathered !== undefined && point >= 0 && point < grid.points)
      for (const [index, metric] of sampleMetricNames.entries())
        columnIn(grid, columnOf(metric, 'average'))[point] = gathered.row[index] ?? Number.NaN;
    return { start, grid };
  }

  async #firstOpen(writtenTo: number): Promise<number> {
    const first = await this.#options.store.firstSamples('pending');
    return floorTo(first ?? writtenTo, hourMs);
  }

  /** In the order in which they lie in the store. */
  async #put(blocks: readonly SampleBlock[]): Promise<void> {
    await this.#options.store.putSamples(
      blocks.toSorted((a, b) => sampleLevels.indexOf(a.level) - sampleLevels.indexOf(b.level)),
    );
  }

  async *#closeShard(hour: number, shard: string): AsyncIterable<readonly SampleBlock[]> {
    const { store } = this.#options;
    const minutes = await this.#minutesOf(hour, shard);
    if (minutes.size === 0) return;
    const ids = [...minutes.keys()];
    for (let at = 0; at < ids.length; at += togetherThings) {
      const some = ids.slice(at, at + togetherThings);
      const day = floorTo(hour, levels.hour.spanMs);
      const closed = this.#byKey(await store.samples('minute', [hour], some));
      const days = this.#byKey(await store.samples('hour', [day], some));
      const blocks: SampleBlock[] = [];
      for (const [index, id] of some.entries()) {
        const fresh = minutes.get(id);
        if (fresh === undefined) continue;
        const grid = closed.get(id) ?? makeGrid(hourMs / minuteMs);
        overlay(grid, fresh, 0);
        const hours = days.get(id) ?? makeGrid(levels.hour.spanMs / hourMs);
        overlay(hours, coarsenAll(grid, hourMs / minuteMs), (hour - day) / hourMs);
        const fives = coarsenAll(grid, levels['five-minutes'].stepMs / minuteMs);
        blocks.push(
          { level: 'minute', start: hour, key: id, data: encodeBlock(grid) },
          { level: 'five-minutes', start: hour, key: id, data: encodeBlock(fives) },
          { level: 'hour', start: day, key: id, data: encodeBlock(hours) },
        );
        if (index % atOnce === atOnce - 1) await setImmediate();
      }
      yield blocks;
    }
  }

  async #minutesOf(hour: number, shard: string): Promise<ReadonlyMap<string, Grid>> {
    const starts = multiples(hour, hour + hourMs, minuteMs);
    const byThing = new Map<string, Grid>();
    for (const block of await this.#options.store.samples('pending', starts, [shard])) {
      const pending = this.#decode(block, decodePending);
      if (pending === undefined) continue;
      const point = (block.start - hour) / minuteMs;
      for (const [place, id] of pending.ids.entries()) {
        let grid = byThing.get(id);
        if (grid === undefined) byThing.set(id, (grid = makeGrid(hourMs / minuteMs)));
        for (const [column, values] of pending.grid.columns) {
          const value = values[place] ?? Number.NaN;
          if (!Number.isNaN(value)) columnIn(grid, column)[point] = value;
        }
      }
      await setImmediate();
    }
    return byThing;
  }

  #byKey(blocks: readonly SampleBlock[]): Map<string, Grid> {
    const grids = new Map<string, Grid>();
    for (const block of blocks) {
      const grid = this.#decode(block, decodeBlock);
      if (grid !== undefined) grids.set(block.key, grid);
    }
    return grids;
  }

  /** A damaged block is a gap: figures are no truth that anything hangs on. */
  #decode<T>(block: SampleBlock, decode: (data: Uint8Array) => T): T | undefined {
    try {
      return decode(block.data);
    } catch (error) {
      if (!isFault(error, 'corrupt')) throw error;
      const { level, start, key } = block;
      this.#options.log.warn(
        { level, start, key, why: describeFault(error) },
        'a block of samples cannot be read',
      );
      return undefined;
    }
  }
}

const all: readonly SampleMetric[] = sampleMetricNames;

function coarsenAll(grid: Grid, factor: number): Grid {
  return coarsen(grid, factor, all);
}

/** The multiples of the step whose steps touch the stretch. */
function multiples(fromMs: number, toMs: number, stepMs: number): readonly number[] {
  const found: number[] = [];
  for (let at = floorTo(fromMs, stepMs); at < toMs; at += stepMs) found.push(at);
  return found;
}
