/** The points of a graph: history, and behind it what was seen since. */
import type { SampleMetric, Samples } from '#api';
import type { Point, Tail } from './tail.ts';

export interface Course {
  /** Beginning of the first step. */
  readonly startMs: number;
  readonly stepMs: number;
  /** Null is a gap. */
  readonly points: readonly (Point | null)[];
}

/** The last so long up to now. What is in the history counts; a step that it does not know yet is taken from the tail. */
export function joinCourse(
  samples: Samples,
  tail: Tail,
  metric: SampleMetric,
  rangeMs: number,
  nowMs: number,
): Course {
  const stepMs = samples.stepSeconds * 1000;
  const historyStart = Date.parse(samples.from);
  const end = Math.max(Date.parse(samples.to), Math.floor(nowMs / stepMs) * stepMs + stepMs);
  const count = Math.ceil(rangeMs / stepMs);
  const startMs = end - count * stepMs;
  const series = samples.series.find((one) => one.metric === metric);
  const points = Array.from({ length: count }, (_, index): Point | null => {
    const ms = startMs + index * stepMs;
    const at = (ms - historyStart) / stepMs;
    const average = series?.average[at] ?? null;
    if (average === null) return tail.at(metric, ms) ?? null;
    return {
      average,
      least: series?.least?.[at] ?? average,
      most: series?.most?.[at] ?? average,
    };
  });
  return { startMs, stepMs, points };
}

/** The last step that is no gap. */
export function lastOf({ points }: Course): Point | null {
  return points.findLast((point) => point !== null) ?? null;
}

/** The greatest of all that is shown; 0 of nothing. */
export function mostOf(courses: readonly Course[]): number {
  return Math.max(0, ...courses.flatMap(({ points }) => points.map((point) => point?.most ?? 0)));
}
