/** The graphs of a vm, of a host or of everything: a range, then what is kept of it and what is seen since. */
import './graphs.css';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { giB } from '#lib';
import {
  figuresOfHost,
  figuresOfVm,
  sampleMetrics,
  type Figures,
  type Host,
  type Installation,
  type SampleMetric,
  type Samples,
  type SampleUnit,
  type Vm,
} from '#api';
import { useConsole, useWords } from '../console.ts';
import type { Words } from '../i18n/words.ts';
import { Answer } from '../parts/Answer.tsx';
import { joinCourse, mostOf } from './course.ts';
import { rangeNames, ranges, ticksMs, type Range } from './ranges.ts';
import { topOf } from './shape.ts';
import { TimeGraph } from './TimeGraph.tsx';
import { useTail } from './use-tail.ts';
import { useGraphText, type GraphTextKey } from './words.ts';

type GraphLine = readonly [GraphTextKey, SampleMetric];

interface GraphFacts {
  readonly title: GraphTextKey;
  readonly beside?: GraphTextKey;
  /** All of one unit. */
  readonly lines: readonly [GraphLine, ...GraphLine[]];
  /** Of the scale; default: a round figure above all that is shown. */
  readonly top?: number;
}

const diskAndNetwork: readonly GraphFacts[] = [
  {
    title: 'disk',
    lines: [
      ['read', 'diskReadBytesPerSecond'],
      ['written', 'diskWrittenBytesPerSecond'],
    ],
  },
  {
    title: 'network',
    lines: [
      ['received', 'networkReceivedBytesPerSecond'],
      ['sent', 'networkSentBytesPerSecond'],
    ],
  },
  {
    title: 'operations',
    lines: [
      ['reads', 'diskReadsPerSecond'],
      ['writes', 'diskWritesPerSecond'],
    ],
  },
];

function graphsOfVm({ definition }: Vm): readonly GraphFacts[] {
  return [
    { title: 'cpu', top: 100, lines: [['load', 'cpuPercent']] },
    {
      title: 'memory',
      top: definition.hardware.memory.sizeBytes,
      lines: [
        ['resident', 'memoryBytes'],
        ['inGuest', 'guestMemoryUsedBytes'],
      ],
    },
    ...diskAndNetwork,
    { title: 'diskSpace', lines: [['allFiles', 'diskSpaceBytes']] },
  ];
}

const graphsOfAll: readonly GraphFacts[] = [
  { title: 'vms', lines: [['running', 'runningVms']] },
  { title: 'cpu', top: 100, lines: [['load', 'cpuPercent']] },
  { title: 'memory', lines: [['resident', 'memoryBytes']] },
  ...diskAndNetwork,
  { title: 'diskSpace', lines: [['allFiles', 'diskSpaceBytes']] },
];

function graphsOfHost({ facts, load }: Host): readonly GraphFacts[] {
  const volumesBytes = load?.volumes.reduce((sum, { totalBytes }) => sum + totalBytes, 0) ?? 0;
  return [
    {
      title: 'cpu',
      top: 100,
      lines: [
        ['load', 'cpuPercent'],
        ['reserved', 'cpuReservedPercent'],
      ],
    },
    {
      title: 'memory',
      top: facts?.memoryTotalBytes ?? giB,
      lines: [['free', 'memoryFreeBytes']],
    },
    ...diskAndNetwork.map((graph) => ({ ...graph, beside: 'ofVms' as const })),
    {
      title: 'volumes',
      lines: [['freeSpace', 'volumesFreeBytes']],
      ...(volumesBytes > 0 ? { top: volumesBytes } : {}),
    },
    { title: 'vms', lines: [['running', 'runningVms']] },
  ];
}

export function VmGraphs({ vm, ...choice }: Choice & { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  return (
    <Graphs
      {...choice}
      id={vm.id}
      graphs={graphsOfVm(vm)}
      figures={figuresOfVm(vm.status)}
      read={(query, signal) => client.call('vm.samples', { params: { vm: vm.id }, query }, signal)}
    />
  );
}

export function InstallationGraphs({
  installation: { id, counts, use },
  ...choice
}: Choice & { readonly installation: Installation }): ReactNode {
  const { client } = useConsole();
  return (
    <Graphs
      {...choice}
      id={id}
      graphs={graphsOfAll}
      figures={use === null ? {} : { ...use, runningVms: counts.running }}
      read={(query, signal) => client.call('installation.samples', { query }, signal)}
    />
  );
}

export function HostGraphs({ host, ...choice }: Choice & { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  return (
    <Graphs
      {...choice}
      id={host.id}
      graphs={graphsOfHost(host)}
      figures={host.load === null ? {} : figuresOfHost(host.load)}
      read={(query, signal) =>
        client.call('host.samples', { params: { host: host.id }, query }, signal)
      }
    />
  );
}

interface Choice {
  readonly range: Range;
  readonly onRange: (range: Range) => void;
}

interface Subject {
  readonly id: string;
  readonly graphs: readonly GraphFacts[];
  readonly figures: Figures;
  readonly read: (query: { readonly from: string }, signal: AbortSignal) => Promise<Samples>;
}

function Graphs({ range, onRange, id, graphs, figures, read }: Choice & Subject): ReactNode {
  const text = useGraphText();
  const question = useQuery({
    queryKey: ['samples', id, range],
    queryFn: ({ signal }) =>
      read({ from: new Date(Date.now() - ranges[range]).toISOString() }, signal),
    // What was read before may end where nobody has looked since.
    refetchOnMount: 'always',
  });
  return (
    <>
      <ToggleGroup aria-label={text('range')} className="graph-range">
        {rangeNames.map((name) => (
          <ToggleGroupItem
            key={name}
            text={text(`range.${name}`)}
            buttonId={`range-${name}`}
            isSelected={name === range}
            onChange={() => onRange(name)}
          />
        ))}
      </ToggleGroup>
      <Answer question={question}>
        {(samples) => (
          <Courses
            key={range}
            range={range}
            samples={samples}
            readMs={question.dataUpdatedAt}
            id={id}
            graphs={graphs}
            figures={figures}
          />
        )}
      </Answer>
    </>
  );
}

function Courses({
  range,
  samples,
  readMs,
  id,
  graphs,
  figures,
}: Omit<Subject, 'read'> & {
  readonly range: Range;
  readonly samples: Samples;
  readonly readMs: number;
}): ReactNode {
  const words = useWords();
  const text = useGraphText();
  const tail = useTail(id, samples.stepSeconds * 1000, figures);
  const nowMs = Date.now();
  const writeTime = (ms: number): string =>
    ranges[range] <= ranges.day ? words.clock(ms) : words.day(ms);
  return (
    <>
      <div className="graphs">
        {graphs.map(({ title, beside, lines, top }) => {
          const { unit } = sampleMetrics[lines[0][1]];
          const courses = lines.map(([, metric]) =>
            joinCourse(samples, tail, metric, { rangeMs: ranges[range], readMs, nowMs }),
          );
          const most = mostOf(courses);
          const counts = unit.startsWith('bytes') ? 'bytes' : 'others';
          return (
            <TimeGraph
              key={title}
              title={beside === undefined ? text(title) : `${text(title)} ${text(beside)}`}
              lines={lines.flatMap(([label], index) => {
                const course = courses[index];
                return course === undefined ? [] : [{ label: text(label), course }];
              })}
              top={top === undefined ? topOf(most, counts) : Math.max(top, most)}
              format={(value) => writeFigure(words, unit, value)}
              tickMs={ticksMs[range]}
              writeTime={writeTime}
            />
          );
        })}
      </div>
      <p className="graph-explain">
        {text('explain', { step: words.duration(samples.stepSeconds) })}
      </p>
    </>
  );
}

function writeFigure(words: Words, unit: SampleUnit, value: number | null): string {
  switch (unit) {
    case 'percent':
      return words.percent(value);
    case 'bytes':
      return words.bytes(value);
    case 'bytes-per-second':
      return value === null ? words.bytes(null) : `${words.bytes(value)}/s`;
    case 'per-second':
      return value === null ? words.bytes(null) : `${words.number(value)}/s`;
    case 'count':
      return value === null ? words.bytes(null) : words.number(value);
  }
}
