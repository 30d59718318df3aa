/**
 * Writing in the coordinator's own thread: a batch is committed to the write-ahead log, which takes microseconds and
 * leaves it with the kernel, and is flushed by fdatasync in Node's pool of threads, so that nobody waits for the disk.
 *
 * Invariants
 * 1. `write` resolves when the batch is on the disk.
 * 2. A connection reads a batch as soon as it is committed. `settled` resolves when everything that can be read is
 *    on the disk; no answer from another connection goes out before.
 * 3. After a flush that failed nobody knows what the disk has, and the kernel has forgotten what it should have:
 *    nothing is answered from then on (and nothing written: batch-writer.ts). The next start reads what is there.
 */
import { open, type FileHandle } from 'node:fs/promises';
import type { StatementSync } from 'node:sqlite';
import { Fault } from '#lib';
import type { OpenedDatabase } from './database.ts';
import { questions, type Batch, type BatchResult } from './protocol.ts';
import { Transactor } from './transactor.ts';

/** Brings what was written to the file on the disk. */
export type Flush = () => Promise<void>;

export class LocalWriter {
  readonly #opened: OpenedDatabase;
  readonly #file: string;
  readonly #log: FileHandle;
  readonly #flush: Flush;
  readonly #transactor: Transactor;
  readonly #lookAtLog: StatementSync;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(opened: OpenedDatabase, file: string, log: FileHandle, flush: Flush) {
    this.#opened = opened;
    this.#file = file;
    this.#log = log;
    this.#flush = flush;
    this.#transactor = new Transactor(opened.database, file);
    this.#lookAtLog = opened.database.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  /** Takes the database over. `flush`: instead of fdatasync of the log. */
  static async open(opened: OpenedDatabase, file: string, flush?: Flush): Promise<LocalWriter> {
    const log = await open(`${file}-wal`);
    return new LocalWriter(opened, file, log, flush ?? (() => log.datasync()));
  }

  /** Number of the last commit. */
  get head(): number {
    return this.#transactor.head;
  }

  /** Pages in the log that are not in the database yet. */
  get logPages(): number {
    const { log, checkpointed } = this.#lookAtLog.get() ?? {};
    return Number(log) - Number(checkpointed);
  }

  /** Whether no other program writes, for whom this thread cannot wait. */
  get isFree(): boolean {
    try {
      this.#opened.database.exec('BEGIN IMMEDIATE; ROLLBACK');
      return true;
    } catch {
      return false;
    }
  }

  /** Has committed when it returns. Errors: `unavailable` when the disk has failed. */
  async write(batch: Batch): Promise<BatchResult> {
    const results = this.#transactor.run(batch);
    if (batch.jobs.some(({ kind }) => !questions.includes(kind))) this.#flushing = this.#flushLog();
    await this.#flushing;
    return results;
  }

  /** Errors: `unavailable` when the disk has failed. */
  settled(): Promise<void> {
    return this.#flushing;
  }

  async close(): Promise<void> {
    await this.#flushing.catch(() => undefined);
    await this.#log.close();
    this.#opened.close();
  }

  async #flushLog(): Promise<void> {
    try {
      await this.#flush();
    } catch (cause) {
      throw new Fault('unavailable', `the disk under the store ${this.#file} failed`, {
        cause,
        facts: { file: this.#file },
        hint: 'look at the kernel log of this machine for errors of the disk',
      });
    }
  }
}
