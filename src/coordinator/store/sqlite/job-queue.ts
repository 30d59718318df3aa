/**
 * Jobs on their way to the writer. While one batch is flushed the next one gathers: the more is asked
 * at once, the more shares a flush. The queue is bounded; beyond it a job is refused with `exhausted`.
 */
import { Fault, faultFromData, isoTime, type Clock } from '#lib';
import { maxBatchJobs, maxBatchLength, maxWaitingJobs } from '../limits.ts';
import type { SampleBlock } from '../store.ts';
import type { Batch, BatchResult, Job, JobAnswers, JobKind, JobResult } from './protocol.ts';

interface Waiting {
  readonly job: Job;
  readonly settle: (result: JobResult, time: string) => void;
  readonly fail: (error: unknown) => void;
}

type JobOf<K extends JobKind> = Extract<Job, { readonly kind: K }>;

export function bytesOf(blocks: readonly SampleBlock[]): number {
  return blocks.reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** Of what it writes, in UTF-16 units or bytes. */
export function lengthOf(job: Job): number {
  if (job.kind === 'commit') return job.commit.length;
  return job.kind === 'samples' ? bytesOf(job.blocks) : 0;
}

export class JobQueue {
  readonly #send: (batch: Batch) => Promise<BatchResult>;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(send: (batch: Batch) => Promise<BatchResult>, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Errors: the job's fault; `exhausted` when too many wait. */
  submit<K extends JobKind>(job: JobOf<K>): Promise<JobAnswers[K]> {
    return this.submitThen<K, JobAnswers[K]>(job, (answer) => answer);
  }

  /** As submit; `then` makes the answer, with the time of the batch, in the order of the jobs. */
  submitThen<K extends JobKind, T>(
    job: JobOf<K>,
    then: (answer: JobAnswers[K], time: string) => T,
  ): Promise<T> {
    if (this.#waiting.length >= maxWaitingJobs) {
      return Promise.reject(
        new Fault('exhausted', `more than ${maxWaitingJobs} changes wait for the store`, {
          hint: 'wait a moment and repeat the request',
        }),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({
      job,
      settle: (result, time) => {
        if ('fault' in result) reject(faultFromData(result.fault));
        // The writer answers every job with the answer of its kind.
        else resolve(then(result.answer as JobAnswers[K], time));
      },
      fail: reject,
    });
    this.#running ??= this.#run();
    return promise;
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // One turn later, so that what is submitted in the same turn shares the first batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const nowMs = this.#clock.now();
      const time = isoTime(nowMs);
      try {
        const results = await this.#send({ nowMs, time, jobs: batch.map((one) => one.job) });
        for (const [index, one] of batch.entries()) {
          const result = results[index];
          if (result !== undefined) one.settle(result, time);
        }
      } catch (error) {
        for (const one of batch) one.fail(error);
      }
    }
    this.#running = undefined;
  }

  #take(): readonly Waiting[] {
    let count = 0;
    let length = 0;
    for (const { job } of this.#waiting) {
      length += lengthOf(job);
      if (count > 0 && (count >= maxBatchJobs || length > maxBatchLength)) break;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return batch;
  }
}
