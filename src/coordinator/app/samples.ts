/** Figures over time, as people and programs ask for them: a stretch, a step, some metrics. */
import { Fault, isoTime, type Clock } from '#lib';
import {
  maxSamplePoints,
  metricsOf,
  sampleMetrics,
  type SampledKind,
  type SampleMetric,
  type Samples,
  type SamplesQuery,
} from '#api';
import { coarsen, type Grid } from '../samples/grid.ts';
import type { SampleHistory } from '../samples/history.ts';
import {
  floorTo,
  hourMs,
  levels,
  minuteMs,
  thingLevels,
  type ThingLevel,
} from '../samples/levels.ts';
import { columnOf, roundFigure, type Aggregate } from '../samples/metrics.ts';

const defaultStretchMs = hourMs;
/** Steps of an answer whose length nobody has chosen are at most so many. */
const defaultPoints = 400;
const niceSteps = [1, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 7 * 1440].map(
  (minutes) => minutes * minuteMs,
);

interface Stretch {
  readonly level: ThingLevel;
  readonly stepMs: number;
  /** Multiples of the step. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Errors: `invalid` for a stretch, a step or a metric that there is not. */
export async function showSamples(
  { history, clock }: { readonly history: Pick<SampleHistory, 'read'>; readonly clock: Clock },
  thing: { readonly kind: SampledKind; readonly id: string },
  query: SamplesQuery,
): Promise<Samples> {
  const metrics = chooseMetrics(thing.kind, query.metrics);
  const { level, stepMs, fromMs, toMs } = chooseStretch(query, clock.now());
  const kept = await history.read(thing.id, level, fromMs, toMs);
  const factor = stepMs / levels[level].stepMs;
  const grid = factor === 1 ? kept : coarsen(kept, factor, metrics);
  const isMinutes = stepMs === minuteMs;
  return {
    id: thing.id,
    from: isoTime(fromMs),
    to: isoTime(toMs),
    stepSeconds: stepMs / 1000,
    series: metrics.map((metric) => ({
      metric,
      unit: sampleMetrics[metric].unit,
      average: pointsOf(grid, metric, 'average'),
      least: isMinutes ? null : pointsOf(grid, metric, 'least'),
      most: isMinutes ? null : pointsOf(grid, metric, 'most'),
    })),
  };
}

function pointsOf(grid: Grid, metric: SampleMetric, aggregate: Aggregate): (number | null)[] {
  const values = grid.columns.get(columnOf(metric, aggregate));
  return Array.from({ length: grid.points }, (_, point) => {
    const value = values?.[point] ?? Number.NaN;
    return Number.isNaN(value) ? null : roundFigure(metric, value);
  });
}

function chooseMetrics(kind: SampledKind, text: string | undefined): readonly SampleMetric[] {
  const known = metricsOf(kind);
  if (text === undefined) return known;
  const wanted = text.split(',').map((name) => name.trim());
  const wrong = wanted.find((name) => !known.some((metric) => metric === name));
  if (wrong !== undefined)
    throw new Fault(
      'invalid',
      `metrics: ${kind === 'installation' ? 'the' : 'a'} ${kind} has no ${wrong.slice(0, 40)}`,
      {
        hint: `there are ${known.join(', ')}`,
      },
    );
  return known.filter((metric) => wanted.includes(metric));
}

/** The coarsest level that is kept back to the beginning and not coarser than the step; else the finest that is kept so long. */
function chooseStretch(query: SamplesQuery, now: number): Stretch {
  const to = Math.min(query.to === undefined ? now : Date.parse(query.to), now);
  const from = query.from === undefined ? to - defaultStretchMs : Date.parse(query.from);
  if (from >= to)
    throw new Fault('invalid', 'the beginning does not lie before the end, or in the future', {
      facts: { from: isoTime(from), to: isoTime(to) },
    });
  // Older than anything that is kept are gaps alone.
  const oldest = Math.max(from, now - levels.hour.keptMs);
  const begin = Math.min(oldest, to - minuteMs);
  const wanted =
    query.stepSeconds === undefined
      ? (niceSteps.find((step) => (to - begin) / step <= defaultPoints) ?? minuteMs)
      : query.stepSeconds * 1000;
  const level =
    thingLevels.findLast((name) => levels[name].stepMs <= wanted && reaches(name, begin, now)) ??
    thingLevels.find((name) => reaches(name, begin, now)) ??
    'hour';
  const stepMs = Math.ceil(wanted / levels[level].stepMs) * levels[level].stepMs;
  const fromMs = floorTo(begin, stepMs);
  const toMs = floorTo(to - 1, stepMs) + stepMs;
  const points = (toMs - fromMs) / stepMs;
  if (points > maxSamplePoints)
    throw new Fault('invalid', `${points} steps are asked for; ${maxSamplePoints} is the most`, {
      hint: `take a step of ${Math.ceil((to - begin) / 1000 / (maxSamplePoints - 1))} s or more, or a shorter stretch`,
    });
  return { level, stepMs, fromMs, toMs };
}

function reaches(level: ThingLevel, fromMs: number, now: number): boolean {
  // Whoever asks for a whole day or week has looked at the clock a moment ago.
  return fromMs + minuteMs >= now - levels[level].keptMs;
}
