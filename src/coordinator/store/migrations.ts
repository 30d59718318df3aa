/**
 * The schema, as the steps that lead to it. An engine runs those it has not run yet, each in one
 * transaction with the new format number; a database whose format is above `format` was made by a newer
 * version and is refused. The SQL is portable; the types that engines spell differently are arguments.
 *
 * Documents are one table, so that a new kind of thing needs no new schema. `done_at` is what retention
 * looks at: the end of an operation, the expiry of a session, link or answered request.
 *
 * An event is found by number (its primary key), by thing (`event_things`: target and ancestors but the
 * installation, which is above everything) and by correlation. Agents deliver late, so events are not in
 * the order of their times; `event_hours` keeps for each hour the numbers between which its events lie,
 * which bounds every search by time without an index on each event.
 *
 * Blocks of samples are written in the order of level and start and go in the same order, so that a fleet's
 * are appended one after the other; the index finds those of one thing.
 */
export interface Dialect {
  /** A 64-bit integer. */
  readonly integer: string;
  /** A 64-bit integer as the only primary key, in the order of which rows are stored. */
  readonly serial: string;
  readonly real: string;
  readonly blob: string;
  /** Put after a table whose rows are stored in the order of its primary key. */
  readonly clustered: string;
}

export const sqliteDialect: Dialect = {
  integer: 'INTEGER',
  serial: 'INTEGER PRIMARY KEY',
  real: 'REAL',
  blob: 'BLOB',
  clustered: 'WITHOUT ROWID',
};

type Migration = (dialect: Dialect) => readonly string[];

export const migrations: readonly Migration[] = [
  ({ integer, serial, real, clustered }) => [
    `CREATE TABLE counters (name TEXT PRIMARY KEY, value ${integer} NOT NULL)`,
    `INSERT INTO counters (name, value) VALUES ('head', 0), ('events', 0), ('eventsPruned', 0)`,
    `CREATE TABLE documents (
       kind TEXT NOT NULL, id TEXT NOT NULL, version ${integer} NOT NULL,
       created_at TEXT NOT NULL, updated_at TEXT NOT NULL, done_at TEXT, data TEXT NOT NULL,
       PRIMARY KEY (kind, id))`,
    `CREATE INDEX documents_done ON documents (kind, done_at) WHERE done_at IS NOT NULL`,
    `CREATE TABLE changes (
       seq ${serial}, documents TEXT NOT NULL, deleted TEXT NOT NULL,
       first_event ${integer} NOT NULL, event_count ${integer} NOT NULL)`,
    `CREATE TABLE events (seq ${serial}, time TEXT NOT NULL, correlation_id TEXT, body TEXT NOT NULL)`,
    `CREATE INDEX events_correlation ON events (correlation_id, seq) WHERE correlation_id IS NOT NULL`,
    `CREATE TABLE event_things (
       thing_id TEXT NOT NULL, seq ${integer} NOT NULL, PRIMARY KEY (thing_id, seq)) ${clustered}`,
    `CREATE TABLE event_hours (
       hour TEXT PRIMARY KEY, first_seq ${integer} NOT NULL, last_seq ${integer} NOT NULL)`,
    `CREATE TABLE leases (
       name TEXT PRIMARY KEY, holder TEXT, epoch ${integer} NOT NULL, expires_at ${integer} NOT NULL)`,
    `CREATE TABLE samples (
       thing_id TEXT NOT NULL, metric TEXT NOT NULL, at ${integer} NOT NULL, value ${real} NOT NULL,
       PRIMARY KEY (thing_id, metric, at)) ${clustered}`,
  ],
  // How much JSON the kept changes are: retention bounds it, by a running total.
  ({ integer }) => [
    `ALTER TABLE changes ADD COLUMN length ${integer} NOT NULL DEFAULT 0`,
    `UPDATE changes SET length = length(documents) + length(deleted)`,
    `INSERT INTO counters (name, value)
       VALUES ('changesLength', (SELECT coalesce(sum(length), 0) FROM changes))`,
  ],
  // Samples in blocks instead of one by one.
  ({ integer, serial, blob }) => [
    `DROP TABLE samples`,
    `CREATE TABLE samples (
       id ${serial}, level ${integer} NOT NULL, start ${integer} NOT NULL, key TEXT NOT NULL,
       data ${blob} NOT NULL)`,
    `CREATE UNIQUE INDEX samples_place ON samples (level, start, key)`,
  ],
];

/** The newest form this version knows. */
export const format = migrations.length;
