/** Columns of points at even steps, and how they become coarser. NaN is a gap. */
import { aggregates, columnOf, type Aggregate } from './metrics.ts';
import type { SampleMetric } from '#api';

export interface Grid {
  /** Points of every column. */
  readonly points: number;
  /** By `columnOf`. One that is not there is all gaps. */
  readonly columns: Map<number, number[]>;
}

export function makeGrid(points: number): Grid {
  return { points, columns: new Map() };
}

/** Plain numbers: a typed array costs more to make than the few points are worth. */
export function makeColumn(points: number): number[] {
  return Array<number>(points).fill(Number.NaN);
}

/** The column, made where it is not there. */
export function columnIn(grid: Grid, column: number): number[] {
  let values = grid.columns.get(column);
  if (values === undefined) {
    values = makeColumn(grid.points);
    grid.columns.set(column, values);
  }
  return values;
}

/** Puts the points of `from` that are no gaps into `into`, beginning at its point `at`; what lies outside is left out. */
export function overlay(into: Grid, from: Grid, at: number): void {
  for (const [column, values] of from.columns) {
    const target = columnIn(into, column);
    const first = Math.max(0, -at);
    const last = Math.min(values.length, into.points - at);
    for (let point = first; point < last; point += 1) {
      const value = values[point] ?? Number.NaN;
      if (!Number.isNaN(value)) target[at + point] = value;
    }
  }
}

/**
 * Every `factor` points as one: their average, and the least and the most of them. Averages count alike,
 * also where one of them stands for less than a whole step.
 */
export function coarsen(grid: Grid, factor: number, metrics: readonly SampleMetric[]): Grid {
  const coarse = makeGrid(Math.ceil(grid.points / factor));
  for (const metric of metrics) {
    const fine = grid.columns.get(columnOf(metric, 'average'));
    if (fine === undefined) continue;
    for (const aggregate of aggregates) {
      const values = grid.columns.get(columnOf(metric, aggregate)) ?? fine;
      const target = columnIn(coarse, columnOf(metric, aggregate));
      for (let point = 0; point < coarse.points; point += 1)
        target[point] = fold[aggregate](values, point * factor, (point + 1) * factor);
    }
  }
  return coarse;
}

type Fold = (values: readonly number[], from: number, to: number) => number;

const fold: Readonly<Record<Aggregate, Fold>> = {
  average(values, from, to) {
    let sum = 0;
    let count = 0;
    for (let at = from; at < Math.min(to, values.length); at += 1) {
      const value = values[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      count += 1;
    }
    return count === 0 ? Number.NaN : sum / count;
  },
  least: (values, from, to) => choose(values, from, to, (value, best) => value < best),
  most: (values, from, to) => choose(values, from, to, (value, best) => value > best),
};

function choose(
  values: readonly number[],
  from: number,
  to: number,
  isBetter: (value: number, best: number) => boolean,
): number {
  let best = Number.NaN;
  for (let at = from; at < Math.min(to, values.length); at += 1) {
    const value = values[at] ?? Number.NaN;
    if (!Number.isNaN(value) && (Number.isNaN(best) || isBetter(value, best))) best = value;
  }
  return best;
}
