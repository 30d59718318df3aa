/** The hosts, live. */
import { EmptyState, Label, PageSection } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { PageTitle } from '../parts/PageTitle.tsx';

const columns = ['name', 'state', 'virtualMachines', 'cpu', 'memory', 'driver'] as const;

export function HostsPage(): ReactNode {
  const words = useWords();
  const question = useList('host.list', { sort: 'name', limit: 1000 });
  return (
    <>
      <PageTitle title={words.text('hosts')} />
      <Answer question={question}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState titleText={words.text('noHosts')} headingLevel="h2" />
          ) : (
            <PageSection isFilled>
              <Table aria-label={words.text('hosts')} variant="compact" gridBreakPoint="grid-lg">
                <Thead>
                  <Tr>
                    {columns.map((key) => (
                      <Th key={key}>{words.text(key)}</Th>
                    ))}
                  </Tr>
                </Thead>
                <Tbody>
                  {items.map(({ id, name, status, statusReason, vms, load, facts, driver }) => (
                    <Tr key={id}>
                      <Td dataLabel={words.text('name')} modifier="breakWord">
                        {name}
                      </Td>
                      <Td dataLabel={words.text('state')}>
                        <Label color={status === 'ready' ? 'green' : 'red'} isCompact>
                          {status}
                        </Label>
                        {statusReason !== null && <div>{statusReason}</div>}
                      </Td>
                      <Td dataLabel={words.text('virtualMachines')}>{words.count(vms)}</Td>
                      <Td dataLabel={words.text('cpu')}>
                        {words.percent(load?.cpuPercent ?? null)}
                      </Td>
                      <Td dataLabel={words.text('memory')}>
                        {words.bytes(
                          facts === null || load === null
                            ? null
                            : facts.memoryTotalBytes - load.memoryFreeBytes,
                        )}
                        {' / '}
                        {words.bytes(facts?.memoryTotalBytes ?? null)}
                      </Td>
                      <Td dataLabel={words.text('driver')}>
                        {driver}
                        {facts === null ? '' : `, ${facts.acceleration.use}`}
                      </Td>
                    </Tr>
                  ))}
                </Tbody>
              </Table>
            </PageSection>
          )
        }
      </Answer>
    </>
  );
}
