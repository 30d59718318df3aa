/**
 * The event log as a file for other tools (EVT-09): every field, times in UTC, oldest first, page by page, so
 * that a log of any length takes no memory.
 */
import { Fault } from '#lib';
import type { Event, EventEntry } from '#api';
import { command } from '../command.ts';
import { listOptions } from '../lists.ts';
import { periodOf, periodOptions } from '../moment.ts';
import { renderCsv, type Column } from '../output/table.ts';

const page = 1000;

const columns: readonly Column<Event>[] = [
  { title: 'seq', value: (event) => String(event.seq) },
  { title: 'time', value: (event) => event.time },
  { title: 'type', value: (event) => event.type },
  { title: 'category', value: (event) => event.category },
  { title: 'name', value: (event) => event.name },
  { title: 'message', value: (event) => event.message },
  { title: 'targetKind', value: (event) => event.target.kind },
  { title: 'targetId', value: (event) => event.target.id },
  { title: 'targetName', value: (event) => event.target.name },
  { title: 'actorKind', value: (event) => event.actor.kind },
  { title: 'actorName', value: (event) => event.actor.name },
  { title: 'origin', value: (event) => event.origin ?? '' },
  { title: 'correlationId', value: (event) => event.correlationId ?? '' },
  { title: 'ancestors', value: (event) => JSON.stringify(event.ancestors) },
  { title: 'attributes', value: (event) => JSON.stringify(event.attributes) },
];

const levelColumns: readonly Column<EventEntry>[] = [
  { title: 'levelKind', value: (entry) => entry.level?.kind ?? '' },
  { title: 'levelId', value: (entry) => entry.level?.id ?? '' },
  { title: 'levelName', value: (entry) => entry.level?.name ?? '' },
];

/** Of the commands that read the log (EVT-54). */
export const expandedOption = {
  type: 'flag',
  meaning: 'an event once for each thing in whose log it stands: its target and those above it',
} as const;

export const eventExport = command({
  name: 'event export',
  summary: 'the whole event log, or what is asked for of it, as JSON or CSV, oldest first',
  options: {
    filter: listOptions.filter,
    ...periodOptions,
    about: { type: 'text', value: 'ID', meaning: 'of this thing and all below it' },
    expanded: expandedOption,
  },
  examples: [
    'gantry event export -o csv > events.csv',
    'gantry event export --since 2026-01-01T00:00:00Z --filter "type = error" > errors.json',
  ],
  async run({ client, options, out, format, signal }) {
    if (format === 'yaml')
      throw new Fault('unsupported', 'events are exported as JSON or CSV', {
        hint: 'add -o json or -o csv',
      });
    const { filter, about, expanded } = options;
    const period = periodOf(options, Date.now());
    const query = { filter, ...period, about, expanded, sort: 'seq', limit: page };
    const shown = expanded === true ? [...levelColumns, ...columns] : columns;
    const asCsv = format === 'csv';
    const [titles = ''] = renderCsv(shown, []);
    out.line(asCsv ? titles : '[');
    let last: string | undefined;
    for await (const event of client.list('event.list', query, signal)) {
      if (last !== undefined) out.line(asCsv ? last : `${last},`);
      last = asCsv ? renderCsv(shown, [event]).slice(1).join('\n') : JSON.stringify(event);
    }
    if (last !== undefined) out.line(last);
    if (!asCsv) out.line(']');
  },
});
