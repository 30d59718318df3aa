/**
 * Reading from SQLite. Every answer is bounded by the limit of its query. This runs in a thread that holds
 * everything it imports once more: nothing of the contract (#api) is needed here.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { sampleLevels, type EventFilter, type SampleBlock, type SampleLevel } from '../store.ts';
import type {
  ChangeRow,
  DocumentRow,
  EventRow,
  Query,
  QueryAnswers,
  QueryKind,
} from './protocol.ts';

export const documentColumns =
  'id, version, created_at AS createdAt, updated_at AS updatedAt, data';

export class Queries {
  readonly #database: DatabaseSync;
  /** One statement per text; there are a few dozen forms. */
  readonly #statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(query: Query): QueryAnswers[QueryKind] {
    switch (query.kind) {
      case 'range':
        return this.#all<DocumentRow>(
          `SELECT ${documentColumns} FROM documents WHERE kind = ? AND id > ? ORDER BY id LIMIT ?`,
          [query.documentKind, query.after, query.limit],
        );
      case 'changes':
        return this.#changes(query.after, query.limit);
      case 'events': {
        const { sql, values } = eventSelection(this.#narrow(query.filter));
        const order = query.order === 'newest-first' ? 'DESC' : 'ASC';
        return this.#all<EventRow>(
          `SELECT e.seq, e.time, e.body ${sql} ORDER BY ${orderColumn(query.filter)} ${order} LIMIT ?`,
          [...values, query.limit],
        );
      }
      case 'count-events': {
        const { sql, values } = eventSelection(this.#narrow(query.filter));
        return Number(this.#all<{ n: number }>(`SELECT count(*) AS n ${sql}`, values)[0]?.n);
      }
      case 'samples':
        return this.#samples(query.level, query.starts, query.keys);
      case 'done':
        return this.#done(query.documentKind, query.before, query.keep, query.limit);
    }
  }

  /** The caller names the columns, so it knows the shape of the rows. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  #all<T>(sql: string, values: readonly SQLInputValue[]): readonly T[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(...values) as unknown as readonly T[];
  }

  #changes(after: number, limit: number): readonly ChangeRow[] | null {
    const rows = this.#all<Omit<ChangeRow, 'events'> & { first: number; count: number }>(
      `SELECT seq, documents, deleted, first_event AS first, event_count AS count
       FROM changes WHERE seq > ? ORDER BY seq LIMIT ?`,
      [after, limit],
    );
    if (rows[0]?.seq !== after + 1) return null;
    return rows.map(({ seq, documents, deleted, first, count }) => ({
      seq,
      documents,
      deleted,
      events:
        count === 0
          ? []
          : this.#all<EventRow>(
              'SELECT seq, time, body FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq',
              [first, first + count - 1],
            ),
    }));
  }

  #samples(
    level: SampleLevel,
    starts: readonly number[],
    keys: readonly string[],
  ): readonly SampleBlock[] {
    const number = sampleLevels.indexOf(level);
    return starts.flatMap((start) =>
      keys.flatMap((key) =>
        this.#all<{ data: Uint8Array }>(
          'SELECT data FROM samples WHERE level = ? AND start = ? AND key = ?',
          [number, start, key],
        ).map(({ data }) => ({ level, start, key, data })),
      ),
    );
  }

  #done(
    kind: string,
    before: string | null,
    keep: number | null,
    limit: number,
  ): readonly string[] {
    const byAge =
      before === null
        ? []
        : this.#all<{ id: string }>(
            `SELECT id FROM documents WHERE kind = ? AND done_at < ? ORDER BY done_at LIMIT ?`,
            [kind, before, limit],
          );
    const byCount =
      keep === null
        ? []
        : this.#all<{ id: string }>(
            `SELECT id FROM documents WHERE kind = ? AND done_at IS NOT NULL
             ORDER BY done_at DESC, id LIMIT ? OFFSET ?`,
            [kind, limit, keep],
          );
    return [...new Set([...byAge, ...byCount].map((row) => row.id))].slice(0, limit).sort();
  }

  /** Bounds by time as bounds by number as well: events of an hour lie between two numbers. */
  #narrow(filter: EventFilter): EventFilter {
    if (filter.since === undefined && filter.until === undefined) return filter;
    const row = this.#all<{ first: number | null; last: number | null }>(
      `SELECT min(first_seq) AS first, max(last_seq) AS last FROM event_hours
       WHERE hour >= ? AND hour <= ?`,
      [filter.since?.slice(0, 13) ?? '', filter.until?.slice(0, 13) ?? '9'],
    )[0];
    const first = row?.first ?? null;
    const last = row?.last ?? null;
    if (first === null || last === null) return { ...filter, after: 0, before: 0 };
    return {
      ...filter,
      after: Math.max(filter.after ?? 0, first - 1),
      before: Math.min(filter.before ?? Infinity, last + 1),
    };
  }
}

/** The number by whose index the rows are found, so that they come in order without sorting. */
function orderColumn(filter: EventFilter): 'e.seq' | 't.seq' {
  return filter.about !== undefined && filter.correlationId === undefined ? 't.seq' : 'e.seq';
}

function eventSelection(filter: EventFilter): {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
} {
  const seq = orderColumn(filter);
  const terms: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (term: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    terms.push(term);
    values.push(value);
  };
  add('t.thing_id = ?', filter.about);
  add('e.correlation_id = ?', filter.correlationId);
  add(`${seq} > ?`, filter.after);
  add(`${seq} < ?`, filter.before);
  add('e.time >= ?', filter.since);
  add('e.time < ?', filter.until);
  // CROSS JOIN keeps SQLite from changing the order in which the two tables are looked at.
  const from =
    filter.about === undefined
      ? 'events e'
      : seq === 't.seq'
        ? 'event_things t CROSS JOIN events e ON e.seq = t.seq'
        : 'events e CROSS JOIN event_things t ON t.seq = e.seq';
  const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
  return { sql: `FROM ${from} ${where}`, values };
}
