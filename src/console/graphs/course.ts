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

export interface Span {
  readonly rangeMs: number;
  /** When the history was read. */
  readonly readMs: number;
  readonly nowMs: number;
}

/**
 * The range that ends now. Up to when it was read the history counts, or the tail where it knows nothing; the
 * step in which it was read is of both, each for its share of the time.
 */
export function joinCourse(
  samples: Samples,
  tail: Tail,
  metric: SampleMetric,
  { rangeMs, readMs, nowMs }: Span,
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
    const seen = tail.at(metric, ms) ?? null;
    if (average === null) return seen;
    const read = {
      average,
      least: series?.least?.[at] ?? average,
      most: series?.most?.[at] ?? average,
    };
    if (seen === null || readMs >= ms + stepMs) return read;
    return blend(read, Math.max(0, readMs - ms), seen, Math.max(0, nowMs - readMs));
  });
  return { startMs, stepMs, points };
}

function blend(one: Point, oneMs: number, other: Point, otherMs: number): Point {
  const share = oneMs + otherMs === 0 ? 1 : oneMs / (oneMs + otherMs);
  return {
    average: one.average * share + other.average * (1 - share),
    least: Math.min(one.least, other.least),
    most: Math.max(one.most, other.most),
  };
}

/** The last step that is no gap. */
export function lastOf({ points }: Course): Point | null {
  return points.findLast((point) => point !== null) ?? null;
}

/** The greatest of all that is shown; 0 of nothing. */
export function mostOf(courses: readonly Course[]): number {
  return Math.max(0, ...courses.flatMap(({ points }) => points.map((point) => point?.most ?? 0)));
}
