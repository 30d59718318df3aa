/**
 * The event log: read newest first, watched from any place on, cleared up to a time. Everything is held to
 * what the caller may see (EVT-56).
 */
import { Fault, isoTime } from '#lib';
import {
  compileFilter,
  eventCatalogue,
  eventSchema,
  parseFilter,
  type Event,
  type EventPage,
  type Filter,
} from '#api';
import type { Caller, Coordinator } from '../context.ts';
import { checkQuery } from '../inventory/list/query.ts';
import { pickFields } from '../inventory/list/pick.ts';
import type { EventFilter } from '../store/store.ts';
import { installationThing } from './things.ts';
import { levelsSeen, seesEvent } from './visibility.ts';

const batch = 1000;
/** Events looked at for one page; beyond it the page ends early, with a cursor to go on. */
const maxLookedAt = 50_000;

export interface EventListQuery {
  readonly filter?: string | undefined;
  readonly sort?: string | undefined;
  readonly fields?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly about?: string | undefined;
  readonly expanded: boolean;
}

export async function listEvents(
  { store, inventory }: Pick<Coordinator, 'store' | 'inventory'>,
  caller: Caller,
  query: EventListQuery,
): Promise<EventPage> {
  const newestFirst = orderOf(query.sort);
  const { cursor: _cursor, sort: _sort, expanded, ...plain } = query;
  const { fields } = checkQuery({ kind: 'event', schema: eventSchema, defaultSort: 'seq' }, plain);
  const filter = query.filter === undefined ? undefined : parseFilter(query.filter);
  const matches = filter === undefined ? () => true : compileFilter(filter);
  const narrowed: EventFilter = {
    ...(query.since === undefined ? {} : { since: isoTime(Date.parse(query.since)) }),
    ...(query.until === undefined ? {} : { until: isoTime(Date.parse(query.until)) }),
    ...(query.about === undefined ? {} : { about: query.about }),
    ...correlationOf(filter),
  };
  let place = readCursor(query.cursor);
  const found: Event[] = [];
  let lookedAt = 0;
  let ended = false;
  while (found.length <= query.limit && lookedAt < maxLookedAt && !ended) {
    const events = await store.events({
      ...narrowed,
      ...(place === undefined ? {} : newestFirst ? { before: place } : { after: place }),
      newestFirst: newestFirst ? 'newest-first' : 'oldest-first',
      limit: filter === undefined ? Math.min(batch, query.limit + 1) : batch,
    });
    ended = events.length === 0;
    for (const event of events) {
      if (found.length > query.limit) break;
      place = event.seq;
      lookedAt += 1;
      if (matches(event) && seesEvent(inventory, caller, event)) found.push(event);
    }
  }
  const items = found.slice(0, query.limit);
  const next = found.length > query.limit ? items.at(-1)?.seq : ended ? undefined : place;
  const seesAll = caller.may('event.view', { kind: 'installation' });
  return {
    items: items.flatMap((event) => {
      const shown = fields === undefined ? event : (pickFields(event, fields) as Event);
      if (!expanded) return [shown];
      return levelsSeen(inventory, caller, event).map((level) => ({ ...shown, level }));
    }),
    nextCursor: next === undefined ? null : String(next),
    total: seesAll && filter === undefined ? await store.countEvents(narrowed) : null,
  };
}

/** The log has one order; it can be read from either end. */
function orderOf(sort: string | undefined): boolean {
  if (sort === undefined || sort === '-seq' || sort === '-time') return true;
  if (sort === 'seq' || sort === 'time') return false;
  throw new Fault('invalid', 'events are sorted by seq or -seq', { facts: { sort } });
}

function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (!/^\d{1,15}$/.test(cursor))
    throw new Fault('invalid', 'the cursor is damaged', {
      hint: 'take nextCursor of the page before; or begin without one',
    });
  return Number(cursor);
}

/** A filter for one operation's events is answered by an index (EVT-08). */
function correlationOf(filter: Filter | undefined): EventFilter {
  const terms = filter?.kind === 'and' ? filter.terms : filter === undefined ? [] : [filter];
  for (const term of terms)
    if (
      term.kind === 'compare' &&
      term.comparator === '=' &&
      term.path.length === 1 &&
      term.path[0] === 'correlationId' &&
      !term.value.includes('*')
    )
      return { correlationId: term.value };
  return {};
}

/** Everything there is, for the builders of filters and for the documentation (EVT-12). */
export function listCatalogue(): {
  readonly items: {
    name: string;
    number: number;
    category: string;
    type: string;
    target: string;
    message: string;
    attributes: Record<string, string>;
  }[];
} {
  return {
    items: Object.entries(eventCatalogue).map(([name, facts]) => ({
      name,
      number: facts.number,
      category: facts.category,
      type: facts.type,
      target: facts.target,
      message: facts.message,
      attributes: { ...facts.attributes },
    })),
  };
}

/** Clears the log; that leaves a record (EVT-13). */
export async function clearEvents(
  { store, commit, clock }: Pick<Coordinator, 'store' | 'commit' | 'clock'>,
  caller: Caller,
  before: string,
  dryRun: boolean,
): Promise<{ readonly count: number }> {
  if (Date.parse(before) > clock.now())
    throw new Fault('invalid', 'the time lies in the future', { facts: { before } });
  if (dryRun) return { count: await store.countEvents({ until: before }) };
  const { events } = await store.prune({ eventsBefore: before });
  await commit({
    events: [
      {
        name: 'coordinator.log.cleared',
        target: installationThing,
        ancestors: [],
        actor: caller.actor,
        origin: caller.origin,
        correlationId: caller.correlationId,
        attributes: { before, count: events },
      },
    ],
  });
  return { count: events };
}
