/** The newest events that match, so many as are wanted, as they happen. */
import { EmptyState } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { ColumnTable } from '../list/ColumnTable.tsx';
import { Answer } from '../parts/Answer.tsx';
import { eventColumns } from './event-columns.tsx';
import { useEvents } from './use-events.ts';

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
            columns={eventColumns}
            items={events.slice(0, most)}
            keyOf={({ seq }) => seq}
          />
        )
      }
    </Answer>
  );
}
