/**
 * What is kept of samples and for how long: policy as a table (MON-59).
 *
 *   what passes -> averages of a minute -> pending: a block for every minute and shard of the things
 *     an hour is over -> minute, five-minutes, hour: blocks for every thing; its pending ones go
 *
 * Invariants: (1) a block of a level begins at a multiple of its span and holds a point for each step of
 * it; (2) what is not in pending any more is in the blocks of things; (3) of a coordinator that is killed no
 * more is lost than the minute that has not ended.
 */
import type { SampleLevel } from '../store/store.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A level whose blocks are of one thing each. */
export type ThingLevel = Exclude<SampleLevel, 'pending'>;

interface LevelFacts {
  /** Between two points. */
  readonly stepMs: number;
  /** What one block covers. */
  readonly spanMs: number;
  readonly keptMs: number;
}

/** From the finest to the coarsest. Above minutes each point is the least, the average and the most. */
export const levels: Readonly<Record<ThingLevel, LevelFacts>> = {
  minute: { stepMs: minuteMs, spanMs: hourMs, keptMs: dayMs },
  'five-minutes': { stepMs: 5 * minuteMs, spanMs: hourMs, keptMs: 7 * dayMs },
  // Thirteen months.
  hour: { stepMs: hourMs, spanMs: dayMs, keptMs: 400 * dayMs },
};
export const thingLevels = Object.keys(levels) as readonly ThingLevel[];

/**
 * Things share a pending block by the first two digits of their id: 256 blocks a minute at most, however
 * many things there are, and their order is that of the ids.
 */
export function shardOf(id: string): string {
  return id.slice(0, 2);
}
export const shards: readonly string[] = Array.from({ length: 256 }, (_, number) =>
  number.toString(16).padStart(2, '0'),
);

/** The greatest multiple of the step that is not above. */
export function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}

/** Where blocks begin that lie wholly before what is kept. Pending ones go when their hour is written. */
export function samplesBefore(nowMs: number): Readonly<Record<ThingLevel, number>> {
  const before = (level: ThingLevel): number =>
    floorTo(nowMs - levels[level].keptMs, levels[level].spanMs);
  return {
    minute: before('minute'),
    'five-minutes': before('five-minutes'),
    hour: before('hour'),
  };
}
