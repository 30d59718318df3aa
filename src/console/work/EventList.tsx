/**
 * All events that match, newest first, as they happen; older ones are read where one scrolls to them. What
 * is looked at stays where it is while new ones come above it.
 */
import { EmptyState } from '@patternfly/react-core';
import { useEffect, useLayoutEffect, useRef, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { RowTable, useRowView } from '../list/RowTable.tsx';
import { Answer } from '../parts/Answer.tsx';
import { useNarrow } from '../parts/use-narrow.ts';
import { eventColumns } from './event-columns.tsx';
import { useEvents } from './use-events.ts';

const pageSize = 100;
/** With what happened first: of the rest a narrow window shows one line. */
const narrowColumns = eventColumns.toSorted(
  (one, other) => Number(other.key === 'message') - Number(one.key === 'message'),
);

export function EventList({ filter }: { readonly filter: string | undefined }): ReactNode {
  const words = useWords();
  const view = useRowView('tall', filter ?? '');
  const narrow = useNarrow();
  const { question, events, readOlder } = useEvents(filter, pageSize);
  const atEnd = view.shown.last >= events.length;
  useEffect(() => {
    if (atEnd) readOlder?.();
  }, [atEnd, readOlder]);
  const before = useRef<number>(undefined);
  const newest = events[0]?.seq;
  useLayoutEffect(() => {
    const box = view.box.current;
    const added = events.findIndex(({ seq }) => seq === before.current);
    if (box !== null && box.scrollTop > 0 && added > 0) box.scrollTop += added * view.heightPx;
    before.current = newest;
    // Only what comes above moves the rest.
  }, [newest]);
  return (
    <div className="list-window" ref={view.box}>
      {!question.isSuccess && <Answer question={question}>{() => null}</Answer>}
      {question.isSuccess && events.length === 0 && (
        <EmptyState titleText={words.text('noEvents')} headingLevel="h2" />
      )}
      {events.length > 0 && (
        <RowTable
          label={words.text('events')}
          columns={narrow ? narrowColumns : eventColumns}
          view={view}
          total={events.length}
          {...(readOlder === undefined ? {} : { end: 'open' })}
          at={(index) => events[index]}
          keyOf={({ seq }) => String(seq)}
        />
      )}
    </div>
  );
}
