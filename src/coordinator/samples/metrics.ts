/**
 * The figures that are kept, as numbers on the disk: a code and a precision for each metric. Codes are never
 * used for something else.
 */
import {
  sampleMetricNames,
  sampleMetrics,
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

/** Figures of a thing at one time; NaN is not known. In the order of `sampleMetricNames`. */
export type Figures = readonly number[];

function figures(given: Readonly<Partial<Record<SampleMetric, number | null>>>): Figures {
  return sampleMetricNames.map((metric) => given[metric] ?? Number.NaN);
}

const heartbeats = { none: null, good: 100, missed: 0 } as const;

export function figuresOfVm(sample: MachineSample): Figures {
  const { cpuPercent, memoryBytes, diskUse, networkUse, heartbeat, guest } = sample;
  const total = guest?.memoryTotalBytes ?? null;
  const free = guest?.memoryFreeBytes ?? null;
  return figures({
    cpuPercent,
    memoryBytes,
    guestMemoryUsedBytes: total === null || free === null ? null : Math.max(0, total - free),
    diskReadBytesPerSecond: diskUse?.readBytesPerSecond ?? null,
    diskWrittenBytesPerSecond: diskUse?.writtenBytesPerSecond ?? null,
    diskReadsPerSecond: diskUse?.readsPerSecond ?? null,
    diskWritesPerSecond: diskUse?.writesPerSecond ?? null,
    networkReceivedBytesPerSecond: networkUse?.receivedBytesPerSecond ?? null,
    networkSentBytesPerSecond: networkUse?.sentBytesPerSecond ?? null,
    heartbeatPercent: heartbeats[heartbeat.state],
  });
}

const summed = [
  'diskReadBytesPerSecond',
  'diskWrittenBytesPerSecond',
  'diskReadsPerSecond',
  'diskWritesPerSecond',
  'networkReceivedBytesPerSecond',
  'networkSentBytesPerSecond',
] as const satisfies readonly SampleMetric[];

/** `vms` are the figures of its vms, of which some are added up. */
export function figuresOfHost(load: HostLoad, vms: readonly Figures[]): Figures {
  const sums = summed.map((metric) => {
    const at = sampleMetricNames.indexOf(metric);
    return [metric, vms.reduce((sum, vm) => sum + (vm[at] || 0), 0)];
  });
  return figures({
    ...Object.fromEntries(sums),
    cpuPercent: load.cpuPercent,
    cpuReservedPercent: load.cpuReservedPercent,
    memoryFreeBytes: load.memoryFreeBytes,
    volumesFreeBytes: load.volumes.reduce((sum, { freeBytes }) => sum + freeBytes, 0),
    runningVms: load.running,
  });
}
