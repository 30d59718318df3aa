/** The columns of events, as they are exported. */
import type { Event } from '#api';
import type { Column } from '../list/column.ts';

function column(
  key: 'type' | 'time' | 'category' | 'target' | 'message' | 'by',
  raw: (event: Event) => string,
): Column<Event> {
  return { key, title: key, width: 10, first: true, text: raw, raw };
}

export const eventColumns: readonly Column<Event>[] = [
  column('time', (event) => event.time),
  column('type', (event) => event.type),
  column('category', (event) => event.category),
  column('target', (event) => event.target.name),
  column('message', (event) => event.message),
  column('by', (event) => event.actor.name),
];
