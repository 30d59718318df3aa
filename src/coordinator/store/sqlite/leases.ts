/** Leases in SQLite. The caller's clock decides; the epoch decides where clocks differ. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isoTime } from '#lib';
import type { Lease } from '../store.ts';

export class LeaseWriter {
  readonly #find: StatementSync;
  readonly #take: StatementSync;
  readonly #release: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT holder, epoch, expires_at FROM leases WHERE name = ?');
    this.#take = database.prepare(
      `INSERT INTO leases (name, holder, epoch, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET
         holder = excluded.holder, epoch = excluded.epoch, expires_at = excluded.expires_at`,
    );
    this.#release = database.prepare(
      'UPDATE leases SET holder = NULL, expires_at = 0 WHERE name = ? AND holder = ?',
    );
  }

  acquire(name: string, holder: string, ttlMs: number, nowMs: number): Lease | null {
    const row = this.#find.get(name);
    const held = row !== undefined && row['holder'] !== null && Number(row['expires_at']) > nowMs;
    if (held && row['holder'] !== holder) return null;
    const epoch = Number(row?.['epoch'] ?? 0) + (held ? 0 : 1);
    const expiresAt = nowMs + ttlMs;
    this.#take.run(name, holder, epoch, expiresAt);
    return { name, holder, epoch, expiresAt: isoTime(expiresAt) };
  }

  release(name: string, holder: string): void {
    this.#release.run(name, holder);
  }
}

/** A SQLite store has one opener at a time: whoever held a lease before this opening is gone. */
export function endAllLeases(database: DatabaseSync): void {
  database.exec('UPDATE leases SET holder = NULL, expires_at = 0 WHERE holder IS NOT NULL');
}
