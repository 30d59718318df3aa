/**
 * Who writes a batch. While there is little to write it is the coordinator's own thread (local-writer.ts); a large
 * batch, one that took long, one that has to wait for another program, or a log that has grown wakes the writer's
 * thread, and what follows is written there until there has been nothing for a while. A lease that is renewed is
 * nothing in this sense: it is as long as the coordinator runs.
 *
 *   local -> large, slow, locked or a long log: thread -> nothing for ten seconds -> local
 *
 * Invariant: after a batch of which nobody knows whether it was written, nothing is written.
 */
import type { Log } from '#log';
import { kiB } from '#lib';
import { lengthOf } from './job-queue.ts';
import type { LocalWriter } from './local-writer.ts';
import { questions, type Batch, type BatchResult, type JobKind } from './protocol.ts';
import type { RestingThread } from './resting-thread.ts';

/** Up to here a batch holds the coordinator's thread for about a millisecond. */
const maxLocalJobs = 16;
const maxLocalLength = 128 * kiB;
/** A disk that makes the coordinator wait so long is one for the thread. */
const defaultSlowMs = 5;
/** SQLite's own measure for bringing the log into the database, which the thread does. */
const maxLogPages = 1_000;

const localKinds: readonly JobKind[] = [...questions, 'commit', 'acquire', 'release', 'samples'];

function isLarge({ jobs }: Batch): boolean {
  const length = jobs.reduce((sum, job) => sum + lengthOf(job), 0);
  return (
    jobs.length > maxLocalJobs ||
    length > maxLocalLength ||
    jobs.some(({ kind }) => !localKinds.includes(kind))
  );
}

const isOfLeases = ({ jobs }: Batch): boolean =>
  jobs.every(({ kind }) => kind === 'acquire' || kind === 'release');

export class BatchWriter {
  readonly #local: LocalWriter;
  readonly #thread: RestingThread<Batch, BatchResult>;
  readonly #log: Log;
  readonly #slowMs: number;
  #failure: unknown;

  constructor(
    local: LocalWriter,
    thread: RestingThread<Batch, BatchResult>,
    log: Log,
    slowMs = defaultSlowMs,
  ) {
    this.#local = local;
    this.#thread = thread;
    this.#log = log;
    this.#slowMs = slowMs;
  }

  /** One batch at a time; resolves when it is on the disk. An error is the end: nothing is written any more. */
  async write(batch: Batch): Promise<BatchResult> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await this.#writeSomewhere(batch);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  async #writeSomewhere(batch: Batch): Promise<BatchResult> {
    const inPassing = isOfLeases(batch);
    if (inPassing && this.#thread.isAwake) return this.#thread.askInPassing(batch);
    const there = this.#thread.isAwake || isLarge(batch) || !this.#local.isFree;
    if (there && (await this.#wake())) return this.#thread.ask(batch);
    const begin = performance.now();
    const written = this.#local.write(batch);
    const tookMs = performance.now() - begin;
    const slow = tookMs > this.#slowMs && !inPassing;
    if (slow || this.#local.logPages > maxLogPages) void this.#wake();
    return written;
  }

  /** Whether the thread is there. Without it there is more waiting, but nothing that cannot be done. */
  async #wake(): Promise<boolean> {
    try {
      await this.#thread.wake();
      return true;
    } catch (error) {
      this.#log.warn({ err: error }, "the store's writer does not start");
      return false;
    }
  }

  /** When everything that can be read is on the disk. Errors: `unavailable` when the disk has failed. */
  settled(): Promise<void> {
    return this.#local.settled();
  }

  async close(): Promise<void> {
    await this.#thread.close();
    // Last: the last connection to close tidies the log away.
    await this.#local.close();
  }
}
