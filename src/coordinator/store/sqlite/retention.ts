/**
 * Forgetting in SQLite, in slices, so that commits get their turn in between. Events go from the old
 * end only: up to the first one that is young enough.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Counters } from './commits.ts';
import { sampleLevels, type SampleLevel } from '../store.ts';

const sliceEvents = 2_000;
const sliceSamples = 2_000;
const sliceChanges = 2_000;

export class Pruner {
  readonly #counters: Counters;
  readonly #youngHours: StatementSync;
  readonly #firstYoung: StatementSync;
  readonly #oldEvents: StatementSync;
  readonly #dropThing: StatementSync;
  readonly #dropEvents: StatementSync;
  readonly #dropHours: StatementSync;
  readonly #lastChangeWith: StatementSync;
  readonly #oldChanges: StatementSync;
  readonly #changesLength: StatementSync;
  readonly #dropChanges: StatementSync;
  readonly #dropSamples: StatementSync;

  constructor(database: DatabaseSync, counters: Counters) {
    this.#counters = counters;
    this.#youngHours = database.prepare(
      'SELECT min(first_seq) AS seq FROM event_hours WHERE hour >= ?',
    );
    this.#firstYoung = database.prepare(
      'SELECT seq FROM events WHERE seq >= ? AND time >= ? ORDER BY seq LIMIT 1',
    );
    this.#oldEvents = database.prepare(
      'SELECT seq, body FROM events WHERE seq <= ? ORDER BY seq LIMIT ?',
    );
    this.#dropThing = database.prepare('DELETE FROM event_things WHERE thing_id = ? AND seq = ?');
    this.#dropEvents = database.prepare('DELETE FROM events WHERE seq <= ?');
    this.#dropHours = database.prepare('DELETE FROM event_hours WHERE last_seq <= ?');
    this.#lastChangeWith = database.prepare(
      'SELECT max(seq) AS seq FROM changes WHERE event_count > 0 AND first_event <= ?',
    );
    this.#oldChanges = database.prepare('SELECT seq, length FROM changes ORDER BY seq LIMIT ?');
    this.#changesLength = database.prepare(
      'SELECT coalesce(sum(length), 0) AS length FROM changes WHERE seq <= ?',
    );
    this.#dropChanges = database.prepare('DELETE FROM changes WHERE seq <= ?');
    this.#dropSamples = database.prepare(
      `DELETE FROM samples WHERE id IN
         (SELECT id FROM samples WHERE level = ? AND start < ? ORDER BY start LIMIT ?)`,
    );
  }

  pruneEvents(
    before: string | null,
    keep: number | null,
  ): { readonly count: number; readonly more: boolean } {
    const { events, eventsPruned } = this.#counters;
    const byAge = before === null ? 0 : this.#lastBefore(before);
    const byCount = keep === null ? 0 : events - keep;
    const last = Math.max(byAge, byCount);
    if (last <= eventsPruned) return { count: 0, more: false };
    const rows = this.#oldEvents.all(last, sliceEvents);
    const upTo = Number(rows.at(-1)?.['seq'] ?? last);
    for (const row of rows) {
      for (const thing of thingsOf(String(row['body']))) {
        this.#dropThing.run(thing, Number(row['seq']));
      }
    }
    this.#dropEvents.run(upTo);
    this.#dropHours.run(upTo);
    // A change without its events would be a lie to a watcher: it goes with them, and all before it.
    this.#dropChangesUpTo(Number(this.#lastChangeWith.get(upTo)?.['seq'] ?? 0));
    this.#counters.eventsPruned = upTo;
    return { count: rows.length, more: upTo < last };
  }

  /** Number of the last event before the first one of that time or later. */
  #lastBefore(time: string): number {
    const start = this.#youngHours.get(time.slice(0, 13))?.['seq'] ?? null;
    const first = start === null ? undefined : this.#firstYoung.get(Number(start), time)?.['seq'];
    return first === undefined ? this.#counters.events : Number(first) - 1;
  }

  pruneSamples(
    level: SampleLevel,
    before: number,
  ): { readonly count: number; readonly more: boolean } {
    const { changes } = this.#dropSamples.run(sampleLevels.indexOf(level), before, sliceSamples);
    return { count: Number(changes), more: Number(changes) === sliceSamples };
  }

  /** Those below the number, and of the rest the oldest until no more than `maxLength` is left. */
  pruneChanges(
    below: number | null,
    maxLength: number | null,
  ): { readonly count: number; readonly more: boolean } {
    const rows = this.#oldChanges.all(sliceChanges);
    let left = this.#counters.changesLength;
    let upTo = 0;
    let count = 0;
    for (const { seq, length } of rows) {
      if (Number(seq) >= (below ?? 0) && left <= (maxLength ?? Infinity)) break;
      upTo = Number(seq);
      left -= Number(length);
      count += 1;
    }
    if (count > 0) this.#dropChangesUpTo(upTo);
    return { count, more: count === sliceChanges };
  }

  #dropChangesUpTo(seq: number): void {
    this.#counters.changesLength -= Number(this.#changesLength.get(seq)?.['length']);
    this.#dropChanges.run(seq);
  }
}

/** The ids under which an event is filed. A bug in the JSON here would be one of our own writing. */
function thingsOf(body: string): ReadonlySet<string> {
  const { target, ancestors } = JSON.parse(body) as {
    readonly target: { readonly id: string };
    readonly ancestors: readonly { readonly id: string }[];
  };
  return new Set([target.id, ...ancestors.map((thing) => thing.id)]);
}
