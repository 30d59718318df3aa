/**
 * Commits in SQLite: conditions, then writes, then events, under the next number. Runs inside the
 * transaction that the transactor holds. A refusal comes before the first write, always.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Fault } from '#lib';
import type { PreparedCommit, PreparedEvent, PreparedWrite } from '../prepare.ts';
import type { Condition } from '../store.ts';
import type { CommitAnswer } from './protocol.ts';

/** The numbers of the last commit and the last event, up to which events are gone, and the JSON of the kept changes in UTF-16 units. */
export interface Counters {
  head: number;
  events: number;
  eventsPruned: number;
  changesLength: number;
}

export class CommitWriter {
  readonly #counters: Counters;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #lease: StatementSync;
  readonly #event: StatementSync;
  readonly #thing: StatementSync;
  readonly #hour: StatementSync;
  readonly #change: StatementSync;

  constructor(database: DatabaseSync, counters: Counters) {
    this.#counters = counters;
    this.#find = database.prepare(
      'SELECT version, created_at FROM documents WHERE kind = ? AND id = ?',
    );
    this.#insert = database.prepare(
      `INSERT INTO documents (kind, id, version, created_at, updated_at, done_at, data)
       VALUES (?, ?, 1, ?, ?, ?, ?)`,
    );
    this.#update = database.prepare(
      `UPDATE documents SET version = ?, updated_at = ?, done_at = ?, data = ?
       WHERE kind = ? AND id = ?`,
    );
    this.#delete = database.prepare('DELETE FROM documents WHERE kind = ? AND id = ?');
    this.#lease = database.prepare('SELECT holder, epoch FROM leases WHERE name = ?');
    this.#event = database.prepare(
      'INSERT INTO events (seq, time, correlation_id, body) VALUES (?, ?, ?, ?)',
    );
    this.#thing = database.prepare('INSERT INTO event_things (thing_id, seq) VALUES (?, ?)');
    this.#hour = database.prepare(
      `INSERT INTO event_hours (hour, first_seq, last_seq) VALUES (?, ?, ?)
       ON CONFLICT (hour) DO UPDATE SET last_seq = excluded.last_seq`,
    );
    this.#change = database.prepare(
      `INSERT INTO changes (seq, documents, deleted, first_event, event_count, length)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
  }

  write(commit: PreparedCommit, time: string): CommitAnswer {
    for (const condition of commit.conditions) this.#check(condition);
    this.#counters.head += 1;
    const seq = this.#counters.head;
    const firstEvent = this.#counters.events + 1;
    const documents: string[] = [];
    const deleted: { readonly kind: string; readonly id: string }[] = [];
    const writes = commit.writes.map((write) => this.#write(write, time, documents, deleted));
    for (const event of commit.events) this.#writeEvent(event, time);
    const written = `[${documents.join(',')}]`;
    const gone = JSON.stringify(deleted);
    const length = written.length + gone.length;
    this.#change.run(seq, written, gone, firstEvent, commit.events.length, length);
    this.#counters.changesLength += length;
    return { seq, writes, firstEvent };
  }

  #check(condition: Condition): void {
    if ('lease' in condition) {
      const { lease, epoch } = condition;
      const row = this.#lease.get(lease);
      if (row?.['epoch'] === epoch && row['holder'] !== null) return;
      throw new Fault('stale', `the lease ${lease} is no longer held with epoch ${epoch}`, {
        facts: { lease, epoch, found: row?.['epoch'] ?? null },
      });
    }
    const { kind, id } = condition;
    const found = this.#find.get(kind, id)?.['version'] ?? null;
    if ('absent' in condition) {
      if (found === null) return;
      throw new Fault('exists', `${kind} ${id} exists already`, { facts: { kind, id } });
    }
    if (found === condition.version) return;
    throw new Fault('stale', `${kind} ${id} has changed since it was read`, {
      facts: { kind, id, version: condition.version, found },
      hint: 'read it again and repeat the change',
    });
  }

  #write(
    write: PreparedWrite,
    time: string,
    documents: string[],
    deleted: { kind: string; id: string }[],
  ): CommitAnswer['writes'][number] {
    const { kind, id, json, doneAt } = write;
    const row = this.#find.get(kind, id);
    if (json === null) {
      if (row === undefined) return undefined;
      this.#delete.run(kind, id);
      deleted.push({ kind, id });
      return { version: Number(row['version']), createdAt: String(row['created_at']) };
    }
    const version = row === undefined ? 1 : Number(row['version']) + 1;
    const createdAt = row === undefined ? time : String(row['created_at']);
    if (row === undefined) this.#insert.run(kind, id, time, time, doneAt, json);
    else this.#update.run(version, time, doneAt, json, kind, id);
    const head = JSON.stringify({ kind, id, version, createdAt, updatedAt: time });
    documents.push(`${head.slice(0, -1)},"data":${json}}`);
    return { version, createdAt };
  }

  #writeEvent(event: PreparedEvent, commitTime: string): void {
    this.#counters.events += 1;
    const seq = this.#counters.events;
    const time = event.time ?? commitTime;
    this.#event.run(seq, time, event.correlationId, event.json);
    for (const thing of event.things) this.#thing.run(thing, seq);
    this.#hour.run(time.slice(0, 13), seq, seq);
  }
}
