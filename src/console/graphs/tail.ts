/**
 * What was seen since the history was read, in the same steps: a graph goes on where its history ends. It
 * is at most as many steps as a graph has.
 */
import type { Figures, SampleMetric } from '#api';

/** Of one metric within one step. */
export interface Point {
  readonly average: number;
  readonly least: number;
  readonly most: number;
}

interface Sum {
  sum: number;
  count: number;
  least: number;
  most: number;
}

const maxSteps = 1500;

export class Tail {
  readonly stepMs: number;
  readonly #steps = new Map<number, Map<SampleMetric, Sum>>();

  constructor(stepMs: number) {
    this.stepMs = stepMs;
  }

  note(atMs: number, figures: Figures): void {
    const step = Math.floor(atMs / this.stepMs);
    let sums = this.#steps.get(step);
    if (sums === undefined) {
      this.#steps.set(step, (sums = new Map()));
      for (const oldest of this.#steps.keys()) {
        if (this.#steps.size <= maxSteps) break;
        this.#steps.delete(oldest);
      }
    }
    for (const [metric, value] of Object.entries(figures) as [SampleMetric, number | null][])
      if (value !== null) add(sums, metric, value);
  }

  /** Of the step in which the time lies; undefined where nothing was seen. */
  at(metric: SampleMetric, ms: number): Point | undefined {
    const found = this.#steps.get(Math.floor(ms / this.stepMs))?.get(metric);
    return found && { average: found.sum / found.count, least: found.least, most: found.most };
  }
}

function add(sums: Map<SampleMetric, Sum>, metric: SampleMetric, value: number): void {
  const before = sums.get(metric);
  if (before === undefined) {
    sums.set(metric, { sum: value, count: 1, least: value, most: value });
    return;
  }
  before.sum += value;
  before.count += 1;
  before.least = Math.min(before.least, value);
  before.most = Math.max(before.most, value);
}
