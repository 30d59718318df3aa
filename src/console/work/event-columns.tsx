/** The columns of events. */
import { Label } from '@patternfly/react-core';
import type { Event, Severity } from '#api';
import { columnOf, type Column } from '../list/column.ts';
import { ThingLink } from './ThingLink.tsx';

const colors: Readonly<Record<Severity, 'grey' | 'yellow' | 'red'>> = {
  information: 'grey',
  warning: 'yellow',
  error: 'red',
  critical: 'red',
};

const column = columnOf<Event>();

export const eventColumns: readonly Column<Event>[] = [
  column({
    key: 'type',
    width: 7,
    raw: (event) => event.type,
    say: (severity, words) => words.severity(severity),
    show: (event, words) => (
      <Label color={colors[event.type]} isCompact>
        {words.severity(event.type)}
      </Label>
    ),
  }),
  column({
    key: 'time',
    width: 11,
    raw: (event) => event.time,
    say: (time, words) => words.time(time),
  }),
  column({
    key: 'category',
    width: 8,
    raw: (event) => event.category,
    say: (category, words) => words.category(category),
  }),
  column({
    key: 'target',
    width: 9,
    raw: (event) => event.target.name,
    show: (event) => <ThingLink thing={event.target} />,
  }),
  column({
    key: 'message',
    width: 22,
    raw: (event) => event.message,
    say: (_message, words, event) => words.event(event),
    show: (event, words) => <span className="two-lines">{words.event(event)}</span>,
  }),
  column({
    key: 'by',
    width: 8,
    raw: (event) => event.actor.name,
    say: (_name, words, event) => words.actor(event.actor),
  }),
];
