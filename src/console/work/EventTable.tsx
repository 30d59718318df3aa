/** Events that match, newest first: the newest hundred, what has happened since, and older ones on demand. */
import { Button, EmptyState, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import type { Severity } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { ThingLink } from './ThingLink.tsx';
import { useEvents } from './use-events.ts';

const pageSize = 100;
const columns = ['type', 'time', 'category', 'target', 'message', 'by'] as const;
const colors: Readonly<Record<Severity, 'grey' | 'yellow' | 'red'>> = {
  information: 'grey',
  warning: 'yellow',
  error: 'red',
  critical: 'red',
};

export function EventTable({
  filter,
  most,
}: {
  readonly filter: string | undefined;
  /** Shows only the newest so many. */
  readonly most?: number;
}): ReactNode {
  const words = useWords();
  const { question, events: all, readOlder } = useEvents(filter, most ?? pageSize);
  const events = most === undefined ? all : all.slice(0, most);
  return (
    <Answer question={question}>
      {() =>
        events.length === 0 ? (
          <EmptyState titleText={words.text('noEvents')} headingLevel="h2" />
        ) : (
          <>
            <Table aria-label={words.text('events')} variant="compact" gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  {columns.map((key) => (
                    <Th key={key}>{words.text(key)}</Th>
                  ))}
                </Tr>
              </Thead>
              <Tbody>
                {events.map((event) => (
                  <Tr key={event.seq}>
                    <Td dataLabel={words.text('type')}>
                      <Label color={colors[event.type]} isCompact>
                        {words.severity(event.type)}
                      </Label>
                    </Td>
                    <Td dataLabel={words.text('time')}>{words.time(event.time)}</Td>
                    <Td dataLabel={words.text('category')}>{words.category(event.category)}</Td>
                    <Td dataLabel={words.text('target')} modifier="breakWord">
                      <ThingLink thing={event.target} />
                    </Td>
                    <Td dataLabel={words.text('message')} modifier="breakWord">
                      {event.message}
                    </Td>
                    <Td dataLabel={words.text('by')}>{event.actor.name}</Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
            {readOlder !== undefined && most === undefined && (
              <Button variant="link" onClick={readOlder}>
                {words.text('more')}
              </Button>
            )}
          </>
        )
      }
    </Answer>
  );
}
