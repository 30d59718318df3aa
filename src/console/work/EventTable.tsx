/** The newest events that match, so many as are wanted, as they happen; each leads to its place in the log. */
import { EmptyState } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Event } from '#api';
import { useWords } from '../console.ts';
import type { Column } from '../list/column.ts';
import { ColumnTable } from '../list/ColumnTable.tsx';
import { Answer } from '../parts/Answer.tsx';
import { eventColumns } from './event-columns.tsx';
import { useEvents } from './use-events.ts';

const columns: readonly Column<Event>[] = eventColumns.map((column) =>
  column.key === 'message'
    ? {
        ...column,
        show: (event, words) => (
          <Link to="/events" search={{ filter: `seq <= ${event.seq}` }}>
            {words.event(event)}
          </Link>
        ),
      }
    : column,
);

export function EventTable({
  filter,
  most,
}: {
  readonly filter: string | undefined;
  readonly most: number;
}): ReactNode {
  const words = useWords();
  const { question, events } = useEvents(filter, most);
  return (
    <Answer question={question}>
      {() =>
        events.length === 0 ? (
          <EmptyState titleText={words.text('noEvents')} headingLevel="h2" />
        ) : (
          <ColumnTable
            label={words.text('events')}
            columns={columns}
            items={events.slice(0, most)}
            keyOf={({ seq }) => seq}
          />
        )
      }
    </Answer>
  );
}
