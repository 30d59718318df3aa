/**
 * What is kept of the figures of a vm, of a host and of everything over time (MON-59): which there are, and the answer that shows
 * a stretch of them, aligned to steps.
 */
import { z } from 'zod';
import type { HostLoad } from './host.ts';
import { idSchema, timeSchema } from './ids.ts';
import type { VmStatus } from './vm/vm.ts';

export const sampleUnits = ['percent', 'bytes', 'bytes-per-second', 'per-second', 'count'] as const;
export type SampleUnit = (typeof sampleUnits)[number];

/** What has figures; the installation is all of it together. */
export type SampledKind = 'vm' | 'host' | 'installation';

interface MetricFacts {
  readonly unit: SampleUnit;
  readonly of: readonly SampledKind[];
  readonly meaning: string;
}

export const sampleMetrics = {
  cpuPercent: {
    unit: 'percent',
    of: ['vm', 'host', 'installation'],
    meaning:
      "load of a vm's own processors, of all processors of a host, or of those of all running vms; 100 is all of them",
  },
  cpuReservedPercent: {
    unit: 'percent',
    of: ['host'],
    meaning: 'of all processors of a host, promised to its running vms',
  },
  memoryBytes: {
    unit: 'bytes',
    of: ['vm', 'installation'],
    meaning: 'memory of a vm, or of all vms, that is resident on hosts',
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
    of: ['vm', 'installation'],
    meaning:
      'space that all files of a vm, or of all vms, take up on hosts, also while they are off',
  },
  diskReadBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host', 'installation'],
    meaning: 'read from all disks and drives of a vm, or of all vms of a host or of all hosts',
  },
  diskWrittenBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host', 'installation'],
    meaning: 'written to all disks and drives of a vm, or of all vms of a host or of all hosts',
  },
  diskReadsPerSecond: {
    unit: 'per-second',
    of: ['vm', 'host', 'installation'],
    meaning: 'reads of all disks and drives of a vm, or of all vms of a host or of all hosts',
  },
  diskWritesPerSecond: {
    unit: 'per-second',
    of: ['vm', 'host', 'installation'],
    meaning: 'writes to all disks and drives of a vm, or of all vms of a host or of all hosts',
  },
  volumesFreeBytes: {
    unit: 'bytes',
    of: ['host'],
    meaning: 'free space of the volumes of a host that hold vms, together',
  },
  networkReceivedBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host', 'installation'],
    meaning: 'received by all network adapters of a vm, or of all vms of a host or of all hosts',
  },
  networkSentBytesPerSecond: {
    unit: 'bytes-per-second',
    of: ['vm', 'host', 'installation'],
    meaning: 'sent by all network adapters of a vm, or of all vms of a host or of all hosts',
  },
  heartbeatPercent: {
    unit: 'percent',
    of: ['vm'],
    meaning: 'share of the time in which the heartbeat of the guest was good; null: none expected',
  },
  runningVms: {
    unit: 'count',
    of: ['host', 'installation'],
    meaning: 'running vms of a host, or of all hosts',
  },
} as const satisfies Record<string, MetricFacts>;

export type SampleMetric = keyof typeof sampleMetrics;
export const sampleMetricNames = Object.keys(sampleMetrics) as [SampleMetric, ...SampleMetric[]];

/** In the order of the table. */
export function metricsOf(kind: SampledKind): readonly SampleMetric[] {
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

/** All vms together, as they are now. */
export const useSchema = z
  .strictObject({
    cpuPercent: z
      .number()
      .nullable()
      .meta({ description: 'of the processors of all running vms; 100 is all of them' }),
    memoryBytes: z.number().nullable().meta({ description: 'resident on hosts' }),
    diskSpaceBytes: z.number().nullable().meta({ description: 'that all files of vms take up' }),
    diskReadBytesPerSecond: z.number().nullable(),
    diskWrittenBytesPerSecond: z.number().nullable(),
    networkReceivedBytesPerSecond: z.number().nullable(),
    networkSentBytesPerSecond: z.number().nullable(),
  })
  .meta({
    id: 'Use',
    description: 'what all vms of all hosts use together; null where nothing is known',
  });
export type Use = z.infer<typeof useSchema>;

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
