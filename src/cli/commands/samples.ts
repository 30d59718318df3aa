/** Figures over time: `gantry vm samples`, `gantry host samples`, `gantry system samples`. */
import { formatBytes, isoTime } from '#lib';
import { metricsOf, type Samples, type SamplesQuery, type SampleUnit } from '#api';
import { command, type Run } from '../command.ts';
import { parseDuration, parseMoment } from '../moment.ts';
import { localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import { sparkline } from '../output/sparkline.ts';
import type { Column } from '../output/table.ts';

type Series = Samples['series'][number];

/** Narrower terminals are shown no extremes, so that there is room for the course. */
const roomyWidth = 110;
const graphWidth = { roomy: 40, narrow: 20 } as const;
const extremes: ReadonlySet<string> = new Set(['LEAST', 'MOST']);

const writeValue: Readonly<Record<SampleUnit, (value: number) => string>> = {
  percent: (value) => `${value.toFixed(1)} %`,
  bytes: (value) => formatBytes(Math.round(value)),
  'bytes-per-second': (value) => `${formatBytes(Math.round(value))}/s`,
  'per-second': (value) => `${value.toFixed(1)}/s`,
  count: (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1)),
};

function written(unit: SampleUnit, value: number | null | undefined): string {
  return value === null || value === undefined ? 'n/a' : writeValue[unit](value);
}

function known(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

/** Null where nothing is known. */
function extreme(
  choose: (...values: number[]) => number,
  values: readonly number[],
): number | null {
  return values.length === 0 ? null : choose(...values);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A line for each metric: what it was last, between what it was, and its course. `width` 0: any. */
function summaryColumns(width: number): readonly Column<Series>[] {
  if (width === 0 || width >= roomyWidth) return columnsWith(graphWidth.roomy);
  return columnsWith(graphWidth.narrow).filter(({ title }) => !extremes.has(title));
}

const columnsWith = (courseWidth: number): readonly Column<Series>[] => [
  { title: 'METRIC', value: ({ metric }) => metric },
  {
    title: 'LAST',
    value: ({ unit, average }) => written(unit, known(average).at(-1)),
    align: 'right',
  },
  {
    title: 'LEAST',
    value: ({ unit, average, least }) => written(unit, extreme(Math.min, known(least ?? average))),
    align: 'right',
  },
  {
    title: 'AVERAGE',
    value: ({ unit, average }) => written(unit, mean(known(average))),
    align: 'right',
  },
  {
    title: 'MOST',
    value: ({ unit, average, most }) => written(unit, extreme(Math.max, known(most ?? average))),
    align: 'right',
  },
  {
    title: 'COURSE',
    value: ({ unit, average }) =>
      sparkline(average, unit === 'percent' ? 100 : Math.max(0, ...known(average)), courseWidth),
  },
];

/** A step of all series together. */
interface Row {
  readonly time: string;
  readonly point: number;
}

function rowsOf({ from, to, stepSeconds }: Samples): readonly Row[] {
  const stepMs = stepSeconds * 1000;
  const first = Date.parse(from);
  return Array.from({ length: (Date.parse(to) - first) / stepMs }, (_, point) => ({
    time: isoTime(first + point * stepMs),
    point,
  }));
}

function wideColumns({ series }: Samples): readonly Column<Row>[] {
  return [
    { title: 'TIME', value: ({ time }) => localTime(time) },
    ...series.map(({ metric, unit, average }): Column<Row> => {
      const value = ({ point }: Row): string => written(unit, average[point]);
      return { title: metric, value, align: 'right' };
    }),
  ];
}

/** Bare numbers in the units of the API; nothing where nothing is known. */
function csvColumns({ series }: Samples): readonly Column<Row>[] {
  const column = (title: string, values: readonly (number | null)[] | null): Column<Row>[] =>
    values === null ? [] : [{ title, value: ({ point }) => String(values[point] ?? '') }];
  return [
    { title: 'time', value: ({ time }) => time },
    ...series.flatMap(({ metric, average, least, most }) => [
      ...column(metric, average),
      ...column(`${metric}.least`, least),
      ...column(`${metric}.most`, most),
    ]),
  ];
}

function writeSamples({ out, format }: Pick<Run, 'out' | 'format'>, samples: Samples): void {
  switch (format) {
    case 'json':
    case 'yaml':
      writeThing(out, format, samples, []);
      return;
    case 'csv':
      writeList(out, format, csvColumns(samples), rowsOf(samples), 'no figures');
      return;
    case 'wide':
      writeList(out, format, wideColumns(samples), rowsOf(samples), 'no figures');
      return;
    case 'table': {
      const { from, to, stepSeconds } = samples;
      out.note(`${localTime(from)} to ${localTime(to)}, in steps of ${stepSeconds} s`);
      writeList(out, format, summaryColumns(out.width), samples.series, 'no figures');
    }
  }
}

const options = {
  from: {
    type: 'text',
    value: 'TIME',
    meaning: 'how long ago it begins, for example -1h (the default), -7d, or a time',
  },
  to: { type: 'text', value: 'TIME', meaning: 'where it ends; default: now' },
  step: {
    type: 'text',
    value: 'DURATION',
    meaning: 'what one value stands for, for example 1m, 5m, 1h; default by the length',
  },
  metrics: { type: 'text', value: 'LIST', meaning: 'with commas; default: all there are' },
} as const;

function queryOf(given: Run<typeof options>['options'], nowMs: number): SamplesQuery {
  const { from, to, step, metrics } = given;
  return {
    from: from === undefined ? undefined : parseMoment('from', from, nowMs),
    to: to === undefined ? undefined : parseMoment('to', to, nowMs),
    stepSeconds: step === undefined ? undefined : Math.ceil(parseDuration('step', step) / 1000),
    metrics,
  };
}

const outputs = 'a line for each figure with its course; -o wide and csv: a line for each step';

export const samplesCommands = [
  command({
    name: 'vm samples',
    summary: `a vm's figures over time: ${outputs}`,
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    options,
    examples: [
      'gantry vm samples hello',
      'gantry vm samples hello --from -7d --metrics cpuPercent,memoryBytes',
      'gantry vm samples hello --from -1d --step 1h -o csv > hello.csv',
    ],
    async run(run) {
      const query = queryOf(run.options, Date.now());
      const params = { vm: run.args[0] ?? '' };
      writeSamples(run, await run.client.call('vm.samples', { params, query }, run.signal));
    },
  }),
  command({
    name: 'host samples',
    summary: `a host's figures over time: ${outputs}`,
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    options,
    examples: [
      'gantry host samples h1',
      `gantry host samples h1 --metrics ${metricsOf('host')[0]}`,
    ],
    async run(run) {
      const query = queryOf(run.options, Date.now());
      const params = { host: run.args[0] ?? '' };
      writeSamples(run, await run.client.call('host.samples', { params, query }, run.signal));
    },
  }),
  command({
    name: 'system samples',
    summary: `what all vms of all hosts use together, over time: ${outputs}`,
    options,
    examples: ['gantry system samples', 'gantry system samples --from -7d'],
    async run(run) {
      const query = queryOf(run.options, Date.now());
      writeSamples(run, await run.client.call('installation.samples', { query }, run.signal));
    },
  }),
] as const;
