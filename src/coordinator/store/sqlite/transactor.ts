/**
 * Batches of jobs as transactions: one flush of the disk for all of a batch. A job that is refused (a Fault)
 * has looked at its conditions and written nothing yet, so it leaves no trace and hurts no other. When the
 * transaction itself fails (the disk is full), every job of it is tried once more alone: what fits is
 * done, what does not is told so.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { assert, Fault, faultToData } from '#lib';
import { CommitWriter, type Counters } from './commits.ts';
import { storeFault } from './faults.ts';
import { LeaseWriter } from './leases.ts';
import type {
  Batch,
  BatchResult,
  DocumentRow,
  Job,
  JobAnswers,
  JobKind,
  JobResult,
} from './protocol.ts';
import { documentColumns } from './queries.ts';
import { sampleLevels } from '../store.ts';
import { Pruner } from './retention.ts';

const counterNames = ['head', 'events', 'eventsPruned', 'changesLength'] as const;

export class Transactor {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #counters: Counters = {
    head: 0,
    events: 0,
    eventsPruned: 0,
    changesLength: 0,
  };
  readonly #commits: CommitWriter;
  readonly #leases: LeaseWriter;
  readonly #pruner: Pruner;
  readonly #setCounter: StatementSync;
  readonly #putSamples: StatementSync;
  readonly #read: StatementSync;
  readonly #firstSamples: StatementSync;
  readonly #readAllCounters: StatementSync;

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
    this.#commits = new CommitWriter(database, this.#counters);
    this.#leases = new LeaseWriter(database);
    this.#pruner = new Pruner(database, this.#counters);
    this.#setCounter = database.prepare('UPDATE counters SET value = ? WHERE name = ?');
    this.#putSamples = database.prepare(
      `INSERT INTO samples (level, start, key, data) VALUES (?, ?, ?, ?)
       ON CONFLICT (level, start, key) DO UPDATE SET data = excluded.data`,
    );
    this.#read = database.prepare(
      `SELECT ${documentColumns} FROM documents WHERE kind = ? AND id = ?`,
    );
    this.#firstSamples = database.prepare(
      'SELECT min(start) AS start FROM samples WHERE level = ?',
    );
    this.#readAllCounters = database.prepare('SELECT name, value FROM counters');
    this.#readCounters();
  }

  get head(): number {
    return this.#counters.head;
  }

  run(batch: Batch): BatchResult {
    const whole = this.#tryTogether(batch);
    if (whole !== undefined) return whole;
    return batch.jobs.map((job) => {
      const alone = { ...batch, jobs: [job] };
      return this.#tryTogether(alone)?.[0] ?? { fault: faultToData(this.#lastFailure) };
    });
  }

  #lastFailure: unknown;

  /** The results, or undefined when the transaction as a whole failed and nothing of it is there. */
  #tryTogether(batch: Batch): BatchResult | undefined {
    const database = this.#database;
    try {
      database.exec('BEGIN IMMEDIATE');
      // Another connection may have written since.
      this.#readCounters();
      const before = { ...this.#counters };
      const results = batch.jobs.map((job) => this.#runJob(job, batch));
      for (const name of counterNames) {
        if (this.#counters[name] !== before[name]) this.#setCounter.run(this.#counters[name], name);
      }
      database.exec('COMMIT');
      return results;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      this.#lastFailure = storeFault(this.#file, error);
      if (!(this.#lastFailure instanceof Fault)) throw error;
      return undefined;
    }
  }

  #runJob(job: Job, batch: Batch): JobResult {
    const { head } = this.#counters;
    try {
      return { answer: this.#do(job, batch) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      assert(this.#counters.head === head, 'a commit is refused after it has begun to write');
      return { fault: faultToData(error) };
    }
  }

  #do(job: Job, { time, nowMs }: Batch): JobAnswers[JobKind] {
    switch (job.kind) {
      case 'commit':
        return this.#commits.write(job.commit, time);
      case 'acquire':
        return this.#leases.acquire(job.name, job.holder, job.ttlMs, nowMs);
      case 'release':
        this.#leases.release(job.name, job.holder);
        return null;
      case 'read':
        // The columns are those of a row.
        return (this.#read.get(job.documentKind, job.id) ?? null) as DocumentRow | null;
      case 'first-samples':
        return (this.#firstSamples.get(sampleLevels.indexOf(job.level))?.['start'] ?? null) as
          number | null;
      case 'samples':
        for (const { level, start, key, data } of job.blocks)
          this.#putSamples.run(sampleLevels.indexOf(level), start, key, data);
        return null;
      case 'prune-events':
        return this.#pruner.pruneEvents(job.before, job.keep);
      case 'prune-samples':
        return this.#pruner.pruneSamples(job.level, job.before);
      case 'prune-changes':
        return this.#pruner.pruneChanges(job.below, job.maxLength);
    }
  }

  #readCounters(): void {
    for (const row of this.#readAllCounters.all()) {
      const name = counterNames.find((known) => known === row['name']);
      assert(name !== undefined, `the store has a counter ${String(row['name'])}`);
      this.#counters[name] = Number(row['value']);
    }
  }
}
