/**
 * What is kept of a vm's or a host's figures over time (MON-59): which there are, and the answer that shows
 * a stretch of them, aligned to steps.
 */
import { z } from 'zod';
import type { HostLoad } from './host.ts';
import { idSchema, timeSchema } from './ids.ts';
import type { VmStatus } from './vm/vm.ts';

export const sampleUnits = ['percent', 'bytes', 'bytes-per-second', 'per-second', 'count'] as const;
export type SampleUnit = (typeof sampleUnits)[number];

interface MetricFacts {
  readonly unit: SampleUnit;
  readonly of: readonly ('vm' | 'host')[];
  readonly meaning: string;
}

export const sampleMetrics = {
  cpuPercent: {
    unit: 'percent',
    of: ['vm', 'host'],
    meaning: "load of a vm's own processors, or of all processors of a host; 100 is all of them",
  },
  cpuReservedPercent: {
    unit: 'percent',
    of: ['host'],
    meaning: 'of all processors of a host, promised to its running vms',
  },
  memoryBytes: {
    unit: 'bytes',
    of: ['vm'],
    meaning: 'memory of a vm that is resident on its host',
  },
  guestMemoryUsedBytes: {
    unit: 'bytes',
    of: ['vm'],
    meaning: 'memory in use as the guest agent counts; null while it does not',
  },
  memoryFreeBytes: {
    unit: 'bytes',
    of: ['host'],
    meaning: 'memory available for new vms, after the reserve',
  },
  diskSpaceBytes: {
    unit: 'bytes',
    of: ['vm'],
    meaning: 'space that all files of a vm take up on its host, also while it is off',
  },
  diskReadBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host'],
    meaning: 'read from all disks and drives of a vm, or of all vms of a host',
  },
  diskWrittenBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host'],
    meaning: 'written to all disks and drives of a vm, or of all vms of a host',
  },
  diskReadsPerSecond: {
    unit: 'per-second',
    of: ['vm', 'host'],
    meaning: 'reads of all disks and drives of a vm, or of all vms of a host',
  },
  diskWritesPerSecond: {
    unit: 'per-second',
    of: ['vm', 'host'],
    meaning: 'writes to all disks and drives of a vm, or of all vms of a host',
  },
  volumesFreeBytes: {
    unit: 'bytes',
    of: ['host'],
    meaning: 'free space of the volumes of a host that hold vms, together',
  },
  networkReceivedBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host'],
    meaning: 'received by all network adapters of a vm, or of all vms of a host',
  },
  networkSentBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host'],
    meaning: 'sent by all network adapters of a vm, or of all vms of a host',
  },
  heartbeatPercent: {
    unit: 'percent',
    of: ['vm'],
    meaning: 'share of the time in which the heartbeat of the guest was good; null: none expected',
  },
  runningVms: { unit: 'count', of: ['host'], meaning: 'running vms of a host' },
} as const satisfies Record<string, MetricFacts>;

export type SampleMetric = keyof typeof sampleMetrics;
export const sampleMetricNames = Object.keys(sampleMetrics) as [SampleMetric, ...SampleMetric[]];

/** In the order of the table. */
export function metricsOf(kind: 'vm' | 'host'): readonly SampleMetric[] {
  return sampleMetricNames.filter((metric) =>
    (sampleMetrics[metric].of as readonly string[]).includes(kind),
  );
}

/** What a thing is at one time; null or nothing where it is not known. */
export type Figures = Readonly<Partial<Record<SampleMetric, number | null>>>;

const heartbeatPercents = { none: null, good: 100, missed: 0 } as const;

export function figuresOfVm({
  cpuPercent,
  memoryBytes,
  diskSpaceBytes,
  diskUse,
  networkUse,
  heartbeat,
  guest,
}: Pick<VmStatus, 'cpuPercent' | 'memoryBytes' | 'diskUse' | 'networkUse' | 'heartbeat' | 'guest'> &
  Partial<Pick<VmStatus, 'diskSpaceBytes'>>): Figures {
  const total = guest?.memoryTotalBytes ?? null;
  const free = guest?.memoryFreeBytes ?? null;
  return {
    cpuPercent,
    memoryBytes,
    guestMemoryUsedBytes: total === null || free === null ? null : Math.max(0, total - free),
    diskSpaceBytes: diskSpaceBytes ?? null,
    diskReadBytesPerSecond: diskUse?.readBytesPerSecond ?? null,
    diskWrittenBytesPerSecond: diskUse?.writtenBytesPerSecond ?? null,
    diskReadsPerSecond: diskUse?.readsPerSecond ?? null,
    diskWritesPerSecond: diskUse?.writesPerSecond ?? null,
    networkReceivedBytesPerSecond: networkUse?.receivedBytesPerSecond ?? null,
    networkSentBytesPerSecond: networkUse?.sentBytesPerSecond ?? null,
    heartbeatPercent: heartbeatPercents[heartbeat.state],
  };
}

/** Without what its vms move together. */
export function figuresOfHost(load: HostLoad): Figures {
  return {
    cpuPercent: load.cpuPercent,
    cpuReservedPercent: load.cpuReservedPercent,
    memoryFreeBytes: load.memoryFreeBytes,
    volumesFreeBytes: load.volumes.reduce((sum, { freeBytes }) => sum + freeBytes, 0),
    runningVms: load.running,
  };
}

/** Points of one answer. */
export const maxSamplePoints = 1500;

const pointsSchema = z.array(z.number().nullable()).max(maxSamplePoints);
const metricList = sampleMetricNames
  .map((metric) => `${metric} (${sampleMetrics[metric].unit})`)
  .join(', ');

export const sampleSeriesSchema = z
  .strictObject({
    metric: z.enum(sampleMetricNames),
    unit: z.enum(sampleUnits),
    average: pointsSchema.meta({
      description: 'one for each step from `from` on; null where nothing is known',
    }),
    least: pointsSchema.nullable().meta({
      description: 'least value within each step; null when a step is a single minute',
    }),
    most: pointsSchema.nullable().meta({
      description: 'greatest value within each step; null when a step is a single minute',
    }),
  })
  .meta({ id: 'SampleSeries', description: `a figure over time: ${metricList}` });

export const samplesSchema = z
  .strictObject({
    id: idSchema,
    from: timeSchema.meta({ description: 'where the first step begins' }),
    to: timeSchema.meta({ description: 'where the last step ends' }),
    stepSeconds: z.number().int().min(60).meta({ description: 'length of a step' }),
    series: z.array(sampleSeriesSchema).max(sampleMetricNames.length),
  })
  .meta({
    id: 'Samples',
    description:
      'figures over time. Averages of a minute are kept for a day, of five minutes for a week, of an hour for thirteen months; the coarser ones with the least and the greatest value',
  });
export type Samples = z.infer<typeof samplesSchema>;

const anyTimeSchema = z.iso.datetime({ offset: true }).max(64);

export const samplesQuerySchema = z.strictObject({
  from: anyTimeSchema.optional().meta({ description: 'RFC 3339; default: an hour before `to`' }),
  to: anyTimeSchema.optional().meta({ description: 'RFC 3339; default: now' }),
  stepSeconds: z.coerce
    .number()
    .int()
    .min(60)
    .max(31_536_000)
    .optional()
    .meta({
      description: `rounded up to what is kept of that time; default: for up to 400 steps; at most ${maxSamplePoints} steps`,
    }),
  metrics: z
    .string()
    .max(500)
    .optional()
    .meta({
      description: `with commas; default: all of the kind. ${sampleMetricNames.map((metric) => `${metric}: ${sampleMetrics[metric].meaning}`).join('; ')}`,
    }),
});
export type SamplesQuery = z.infer<typeof samplesQuerySchema>;
