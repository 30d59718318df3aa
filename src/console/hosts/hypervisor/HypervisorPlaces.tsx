/** Networks and storage pools of a hypervisor that others run, as it tells them, and what may be done with them there. */
import { Content, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Host, HypervisorPool } from '#api';
import { formatBytes } from '#lib';
import { useConsole } from '../../console.ts';
import { Answer } from '../../parts/Answer.tsx';
import type { PlainColumn } from '../../parts/PlainTable.tsx';
import { PlaceTable } from './PlaceTable.tsx';
import { usePlaceText } from './words.ts';

export function HypervisorPlaces({ host }: { readonly host: Host }): ReactNode {
  const text = usePlaceText();
  return (
    <PageSection isFilled>
      <Content component="p">
        {text(host.facts?.foreign === undefined ? 'ofAgent' : 'explain')}
      </Content>
      {host.facts?.foreign !== undefined && (
        <>
          <Networks host={host} />
          <Pools host={host} />
        </>
      )}
    </PageSection>
  );
}

function Networks({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const question = useQuery({
    queryKey: ['host.network.list', host.id],
    queryFn: ({ signal }) =>
      client.call('host.network.list', { params: { host: host.id } }, signal),
    // They change while nobody looks.
    refetchOnMount: 'always',
  });
  return (
    <Answer question={question}>
      {({ items }) => <PlaceTable host={host} kind="networks" items={items} more={[]} />}
    </Answer>
  );
}

function Pools({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const text = usePlaceText();
  const question = useQuery({
    queryKey: ['host.pool.list', host.id],
    queryFn: ({ signal }) => client.call('host.pool.list', { params: { host: host.id } }, signal),
    refetchOnMount: 'always',
  });
  const sizeOf = ({ active }: HypervisorPool, bytes: number): string =>
    active ? formatBytes(bytes) : '–';
  const more: readonly PlainColumn<HypervisorPool>[] = [
    [text('capacity'), (one) => sizeOf(one, one.capacityBytes), (one) => one.capacityBytes],
    [text('free'), (one) => sizeOf(one, one.availableBytes), (one) => one.availableBytes],
    [text('path'), ({ path, type }) => path ?? type, ({ path }) => path],
  ];
  return (
    <Answer question={question}>
      {({ items }) => <PlaceTable host={host} kind="pools" items={items} more={more} />}
    </Answer>
  );
}
