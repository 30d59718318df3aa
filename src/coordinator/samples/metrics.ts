/**
 * The figures that are kept, as numbers on the disk: a code and a precision for each metric. Codes are never
 * used for something else.
 */
import {
  figuresOfHost,
  figuresOfVm,
  sampleMetricNames,
  sampleMetrics,
  type Figures,
  type HostLoad,
  type MachineSample,
  type SampleMetric,
  type SampleUnit,
} from '#api';

const codes: Readonly<Record<SampleMetric, number>> = {
  cpuPercent: 1,
  cpuReservedPercent: 2,
  memoryBytes: 3,
  guestMemoryUsedBytes: 4,
  memoryFreeBytes: 5,
  diskReadBytesPerSecond: 6,
  diskWrittenBytesPerSecond: 7,
  diskReadsPerSecond: 8,
  diskWritesPerSecond: 9,
  volumesFreeBytes: 10,
  networkReceivedBytesPerSecond: 11,
  networkSentBytesPerSecond: 12,
  heartbeatPercent: 13,
  runningVms: 14,
  diskSpaceBytes: 15,
};

/** How many whole numbers stand for one of the unit: what is finer is not kept. */
const wholes: Readonly<Record<SampleUnit, number>> = {
  percent: 100,
  bytes: 1 / 4096,
  'bytes-per-second': 1,
  'per-second': 10,
  count: 100,
};

export const aggregates = ['average', 'least', 'most'] as const;
export type Aggregate = (typeof aggregates)[number];

/** Number of a column on the disk: which figure, and what of it. */
export function columnOf(metric: SampleMetric, aggregate: Aggregate): number {
  return codes[metric] * 4 + aggregates.indexOf(aggregate);
}

const wholesByCode = new Map(
  sampleMetricNames.map((metric) => [codes[metric], wholes[sampleMetrics[metric].unit]]),
);

/** Undefined for a column that this version does not know. */
export function wholesOf(column: number): number | undefined {
  return wholesByCode.get(Math.floor(column / 4));
}

/** As precise as it is kept. */
export function roundFigure(metric: SampleMetric, value: number): number {
  const whole = wholes[sampleMetrics[metric].unit];
  return Math.round(value * whole) / whole;
}

/** What a thing is at one time, in the order of `sampleMetricNames`; NaN is not known. */
export type Row = readonly number[];

export function rowOf(figures: Figures): Row {
  return sampleMetricNames.map((metric) => figures[metric] ?? Number.NaN);
}

export function rowOfVm(sample: MachineSample): Row {
  return rowOf(figuresOfVm(sample));
}

/** Also of one that does not run, of which nothing else is noted. */
export function rowOfDiskSpace(usedBytes: number): Row {
  return rowOf({ diskSpaceBytes: usedBytes });
}

/** What things move: that of many is added up. */
export const trafficMetrics = [
  'diskReadBytesPerSecond',
  'diskWrittenBytesPerSecond',
  'diskReadsPerSecond',
  'diskWritesPerSecond',
  'networkReceivedBytesPerSecond',
  'networkSentBytesPerSecond',
] as const satisfies readonly SampleMetric[];

/** With what its vms move, added up. */
export function rowOfHost(load: HostLoad, vms: readonly Row[]): Row {
  const sums = trafficMetrics.map((metric) => {
    const at = sampleMetricNames.indexOf(metric);
    return [metric, vms.reduce((sum, vm) => sum + (vm[at] || 0), 0)];
  });
  return rowOf({ ...figuresOfHost(load), ...Object.fromEntries(sums) });
}
