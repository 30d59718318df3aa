/** What all vms of all connections use together: their figures added up, as one thing. */
import { sampleMetricNames, type Figures, type SampleMetric } from '#api';
import type { Inventory } from '../inventory/inventory.ts';
import { rowOfVm, trafficMetrics, type Row } from './metrics.ts';

/** Load is that of all their processors; the rest is added up. */
const summed: readonly SampleMetric[] = ['memoryBytes', ...trafficMetrics];

const places = summed.map((metric) => [metric, sampleMetricNames.indexOf(metric)] as const);
const cpuPlace = sampleMetricNames.indexOf('cpuPercent');

export class Total {
  readonly #sums = new Map<SampleMetric, number>();
  #load = 0;
  #processors = 0;

  /** A vm that is there to use something, with so many processors. */
  addVm(row: Row, processors: number): void {
    const percent = row[cpuPlace] ?? Number.NaN;
    if (!Number.isNaN(percent)) {
      this.#load += percent * processors;
      this.#processors += processors;
    }
    for (const [metric, place] of places) this.#add(metric, row[place] ?? Number.NaN);
  }

  /** Of a vm, running or not. */
  addDiskSpace(usedBytes: number): void {
    this.#add('diskSpaceBytes', usedBytes);
  }

  /** Vms that run on a host. */
  addRunning(count: number): void {
    this.#add('runningVms', count);
  }

  /** What nothing is known of is left out. */
  get figures(): Figures {
    const load = this.#processors === 0 ? {} : { cpuPercent: this.#load / this.#processors };
    return { ...load, ...Object.fromEntries(this.#sums) };
  }

  #add(metric: SampleMetric, value: number): void {
    if (!Number.isNaN(value)) this.#sums.set(metric, (this.#sums.get(metric) ?? 0) + value);
  }
}

/** As it is now. */
export function totalNow(
  inventory: Pick<Inventory, 'liveSamples' | 'diskSpaces' | 'loads'>,
): Figures {
  const total = new Total();
  for (const { sample, processors } of inventory.liveSamples())
    total.addVm(rowOfVm(sample), processors);
  for (const { usedBytes } of inventory.diskSpaces()) total.addDiskSpace(usedBytes);
  for (const { load } of inventory.loads()) total.addRunning(load.running);
  return total.figures;
}
