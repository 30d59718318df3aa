/**
 * Opening a SQLite database as a store: one opener, the right form, no obvious damage, durable commits.
 *
 * Durability: a write-ahead log. A thread's connection has synchronous=FULL: a commit returns when it is on the
 * disk. The coordinator's own has NORMAL, with which SQLite flushes where order matters (the log before it is copied
 * into the database, the database before the log is begun again, the new beginning before what follows it) and
 * leaves the flush of a commit to its caller (sqlite.org/pragma.html#pragma_synchronous); see local-writer.ts.
 *
 * One opener: an exclusive lock on a file of its own beside the database, held by a connection that does
 * nothing else; the kernel gives it back when the process dies, however it dies.
 */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault, isFault, miB } from '#lib';
import { format, migrations, sqliteDialect } from '../migrations.ts';
import { damageHint, storeFault } from './faults.ts';

/** Marks the file as ours: "GANT" (sqlite.org/fileformat.html#application_id). */
const applicationId = 0x47414e54;
/** Up to this size the whole file is checked at every opening; it takes about a tenth of a second. */
const wholeCheckBytes = 32 * miB;
const busyTimeoutMs = 5_000;
const limits = `PRAGMA journal_size_limit = ${64 * miB}; PRAGMA cache_size = -16384;`;

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  /** Lets go of database and lock. */
  close(): void;
}

/** The first connection, which holds the lock; who commits through it flushes. It waits for nobody once it is open. Errors: `refused` when it is open elsewhere, `unsupported` when made by a newer version, `corrupt`, `exhausted`, `unavailable`. */
export function openForWriting(file: string): OpenedDatabase {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = takeLock(`${file}.lock`, file);
  let database: DatabaseSync | undefined;
  try {
    // Made before SQLite makes it, so that nobody else can read it; its log takes over the mode.
    closeSync(openSync(file, 'a', 0o600));
    database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    prepare(database, file);
    database.exec('PRAGMA busy_timeout = 0');
  } catch (error) {
    database?.close();
    lock.close();
    throw storeFault(file, error);
  }
  const opened = database;
  return {
    database: opened,
    close: () => {
      opened.exec('PRAGMA optimize');
      opened.close();
      lock.close();
    },
  };
}

/** Another connection for writing, which flushes what it commits; the database is already open in this process. */
export function openBesides(file: string): OpenedDatabase {
  try {
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    database.exec(`PRAGMA synchronous = FULL; ${limits}`);
    return { database, close: () => database.close() };
  } catch (error) {
    throw storeFault(file, error);
  }
}

/** Another connection for reading; the database is already open in this process. */
export function openForReading(file: string): OpenedDatabase {
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
    return { database, close: () => database.close() };
  } catch (error) {
    throw storeFault(file, error);
  }
}

function takeLock(lockFile: string, file: string): DatabaseSync {
  const lock = new DatabaseSync(lockFile);
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const fault = storeFault(file, error);
    if (!isFault(fault, 'unavailable')) throw fault;
    throw new Fault('refused', `the store ${file} is open in another coordinator`, {
      cause: error,
      facts: { file },
      hint: 'stop the other one with: gantry down, or give this one a place of its own with --data',
    });
  }
}

function prepare(database: DatabaseSync, file: string): void {
  const fresh = statSync(file).size === 0;
  if (!fresh) checkOwner(database, file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 0;
    ${limits}`);
  if (!fresh) checkDamage(database, file);
  migrate(database, file);
}

function firstValue(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}

function checkOwner(database: DatabaseSync, file: string): void {
  const owner = firstValue(database, 'PRAGMA application_id');
  // A crash before the first migration leaves an empty database without an owner.
  const empty = firstValue(database, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (owner === applicationId || empty) return;
  throw new Fault('corrupt', `${file} is not a store of Gantry`, {
    facts: { file, applicationId: owner },
    hint: 'give the coordinator another place with --data, or move the file away',
  });
}

function checkDamage(database: DatabaseSync, file: string): void {
  const small = statSync(file).size <= wholeCheckBytes;
  const scopes = small ? [''] : ["('counters')", "('leases')", "('event_hours')"];
  for (const scope of scopes) {
    if (scope !== '' && firstValue(database, 'SELECT count(*) FROM sqlite_schema') === 0) return;
    const finding = firstValue(database, `PRAGMA quick_check${scope}`);
    if (finding === 'ok') continue;
    // SQLite heads what it found with a line of stars and the name of the database.
    const found = String(finding)
      .split('\n')
      .find((line) => !line.startsWith('***'));
    const what = (found ?? '').slice(0, 200);
    throw new Fault('corrupt', `the store ${file} is damaged: ${what}`, {
      facts: { file },
      hint: damageHint,
    });
  }
}

function migrate(database: DatabaseSync, file: string): void {
  database.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)');
  const row = database.prepare(`SELECT value FROM meta WHERE name = 'format'`).get();
  const found = Number(row?.['value'] ?? 0);
  if (!Number.isInteger(found) || found > format) {
    throw new Fault('unsupported', `the store ${file} was made by a newer version of Gantry`, {
      facts: { file, format: found, newestKnown: format },
      hint: 'install that version again, or put a backup from before the update in its place',
    });
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < found) continue;
    database.exec('BEGIN IMMEDIATE');
    for (const statement of migration(sqliteDialect)) database.exec(statement);
    database
      .prepare(
        `INSERT INTO meta (name, value) VALUES ('format', ?)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      )
      .run(String(index + 1));
    database.exec(`PRAGMA application_id = ${applicationId}; COMMIT`);
  }
}
