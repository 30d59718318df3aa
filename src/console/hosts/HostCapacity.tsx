/** How many more vms of a chosen size fit on a host, and what of it runs out first (HOST-20). */
import {
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Grid,
  GridItem,
  PageSection,
  Title,
} from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { CapacityResource, Host, HostCapacity as Capacity, VmSize } from '#api';
import { giB, miB } from '#lib';
import { useConsole, useWords } from '../console.ts';
import type { TextKey } from '../i18n/en.ts';
import type { Words } from '../i18n/words.ts';
import { Answer } from '../parts/Answer.tsx';
import { FactList } from '../parts/FactList.tsx';

const labels: Readonly<Record<CapacityResource, TextKey>> = {
  memory: 'memory',
  processors: 'processors',
  disk: 'disk',
  'running-limit': 'runningLimit',
};

interface Choice {
  readonly key: keyof VmSize;
  readonly label: TextKey;
  readonly values: readonly number[];
  readonly say: (value: number, words: Words) => string;
}

const choices: readonly Choice[] = [
  {
    key: 'memoryBytes',
    label: 'memory',
    values: [256 * miB, 512 * miB, ...[1, 2, 4, 8, 16, 32, 64].map((count) => count * giB)],
    say: (value, words) => words.bytes(value),
  },
  {
    key: 'processors',
    label: 'processors',
    values: [1, 2, 4, 8, 16, 32],
    say: (value, words) => words.count(value),
  },
  {
    key: 'cpuReservePercent',
    label: 'reservedOfProcessors',
    values: [0, 10, 25, 50, 100],
    say: (value, words) => words.percent(value),
  },
  {
    key: 'diskBytes',
    label: 'disk',
    values: [0, ...[5, 10, 20, 50, 100, 500].map((count) => count * giB)],
    say: (value, words) => words.bytes(value),
  },
];

const usual: VmSize = { memoryBytes: giB, processors: 1, cpuReservePercent: 0, diskBytes: 0 };

export function HostCapacity({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const [size, choose] = useState(usual);
  const { memoryFreeBytes, cpuReservedPercent, running } = host.load ?? {};
  const question = useQuery({
    // Asked again when what is free has changed.
    queryKey: ['host.capacity', host.id, size, memoryFreeBytes, cpuReservedPercent, running],
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      client.call('host.capacity', { params: { host: host.id }, query: size }, signal),
  });
  return (
    <PageSection isFilled aria-label={words.text('roomForMore')}>
      <Title headingLevel="h2">{words.text('roomForMore')}</Title>
      <Form>
        <Grid hasGutter md={3}>
          {choices.map(({ key, label, values, say }) => (
            <GridItem key={key}>
              <FormGroup label={words.text(label)} fieldId={`capacity-${key}`}>
                <FormSelect
                  id={`capacity-${key}`}
                  value={size[key]}
                  onChange={(_event, value) => choose({ ...size, [key]: Number(value) })}
                >
                  {values.map((value) => (
                    <FormSelectOption key={value} value={value} label={say(value, words)} />
                  ))}
                </FormSelect>
              </FormGroup>
            </GridItem>
          ))}
        </Grid>
      </Form>
      <Answer question={question}>{(capacity) => <Room capacity={capacity} />}</Answer>
    </PageSection>
  );
}

function Room({ capacity }: { readonly capacity: Capacity }): ReactNode {
  const words = useWords();
  const { fits, runsOutFirst, resources } = capacity;
  const amount = (resource: CapacityResource, value: number): string =>
    resource === 'memory' || resource === 'disk' ? words.bytes(value) : words.number(value);
  return (
    <>
      <p>
        {words.text('moreFit', {
          fits: words.count(fits),
          resource: words.text(labels[runsOutFirst]),
        })}
      </p>
      <FactList
        facts={resources.map(({ resource, free, each, fits: room }) => [
          words.text(labels[resource]),
          words.text(room === null ? 'setsNoLimit' : 'roomFor', {
            free: amount(resource, free),
            each: amount(resource, each),
            fits: words.count(room ?? 0),
          }),
        ])}
      />
    </>
  );
}
