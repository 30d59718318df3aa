/**
 * Block jobs by name: begun by this connection or by one before it, followed to their end, or ended in whatever
 * state they are (QEMU, docs/interop/live-block-operations.rst).
 */
import { Fault, systemClock } from '#lib';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { printable } from '../qmp/messages.ts';

const pauseMs = 50;
const endMs = 30_000;
/** Between two looks while the guest stands still. */
const shortMs = 2;

/** What whoever asked for a job tells of it, and is told. */
export interface JobWatch {
  /**
   * The most that it takes, bytes per second, 0: no limit; asked again and again, as it may change. What the guest stands still
   * for has none: QEMU paces no job that is ready.
   */
  readonly limit: () => number;
  readonly signal: AbortSignal;
  /** From 0 to 1, and the units that stands for: bytes, of a copy. */
  readonly onProgress: (part: number, doneUnits: number) => void;
}

export class BlockJob {
  readonly #client: QmpClient;
  readonly #id: string;
  /** As an error begins: "the merge failed". */
  readonly #failed: string;
  /** How fast it may go, as far as that is known: another connection may have begun it. */
  #bytesPerSecond: number | undefined;

  constructor(client: QmpClient, id: string, failed: string) {
    this.#client = client;
    this.#id = id;
    this.#failed = failed;
  }

  async isThere(options?: CommandOptions): Promise<boolean> {
    return (await this.#find(options)) !== undefined;
  }

  /** Once it was begun with that limit. */
  begunWith(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Errors: `exhausted` when a volume is full, `cancelled`; the job is still in the list then. */
  async follow(until: 'ready' | 'concluded', watch: JobWatch): Promise<void> {
    await this.#look(until, watch.signal, pauseMs, async (part, doneUnits) => {
      watch.onProgress(part, doneUnits);
      await this.#keepPace(watch.limit());
    });
  }

  /**
   * Has a ready job switch over. The guest stands still from before the last write of the job until what `moved`
   * writes down is written. Errors: those of the job and of `moved`.
   */
  async switchOver(moved: () => Promise<void>): Promise<void> {
    const { running } = await qmp.queryStatus(this.#client);
    if (running) await qmp.stop(this.#client);
    try {
      await qmp.jobComplete(this.#client, this.#id);
      await this.#look('concluded', AbortSignal.timeout(endMs), shortMs, async () => undefined);
      await this.dismiss();
      await moved();
    } catch (error) {
      await this.giveUp();
      throw error;
    } finally {
      if (running) await qmp.cont(this.#client).catch(() => undefined);
    }
  }

  /** Has a ready mirror end where it is; the guest stands still. Errors: those of the job. */
  async endEqual(): Promise<void> {
    await qmp.blockJobCancel(this.#client, this.#id);
    await this.#look('concluded', AbortSignal.timeout(endMs), shortMs, async () => undefined);
    await this.dismiss();
  }

  /** Takes a concluded job out of the list. Errors: what it failed of. */
  async dismiss(): Promise<void> {
    const error = (await this.#find())?.error;
    await qmp.jobDismiss(this.#client, this.#id);
    if (error !== undefined) throw this.#explain(error);
  }

  /** Ends the job, in whatever state, so that the next one can have its name. */
  async giveUp(): Promise<void> {
    try {
      await qmp.jobCancel(this.#client, this.#id).catch(() => undefined);
      const signal = AbortSignal.timeout(endMs);
      for (;;) {
        const job = await this.#find({ signal });
        if (job === undefined) return;
        if (job.status === 'concluded') break;
        await systemClock.sleep(pauseMs, signal);
      }
      await qmp.jobDismiss(this.#client, this.#id);
    } catch {
      // QEMU has gone, or the job has: either way there is none to end.
    }
  }

  async #find(options?: CommandOptions): Promise<qmp.Job | undefined> {
    const jobs = await qmp.queryJobs(this.#client, options);
    return jobs.find(({ id }) => id === this.#id);
  }

  async #look(
    until: 'ready' | 'concluded',
    signal: AbortSignal,
    eachMs: number,
    onProgress: (part: number, doneUnits: number) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      const job = await this.#find({ signal });
      if (job === undefined)
        throw new Fault('internal', `the job ${this.#id} is not there any more`);
      if (job.allUnits > 0)
        await onProgress(Math.min(1, job.doneUnits / job.allUnits), job.doneUnits);
      if (job.error !== undefined) throw this.#explain(job.error);
      signal.throwIfAborted();
      if (job.status === until || job.status === 'concluded') return;
      await systemClock.sleep(eachMs, signal);
    }
  }

  /** One that has just come to its end has no pace any more, which whoever follows it sees. */
  async #keepPace(bytesPerSecond: number): Promise<void> {
    if (this.#bytesPerSecond === bytesPerSecond) return;
    const asked = qmp.blockJobSetSpeed(this.#client, { jobId: this.#id, bytesPerSecond });
    await asked.then(
      () => (this.#bytesPerSecond = bytesPerSecond),
      () => undefined,
    );
  }

  #explain(words: string): Fault {
    const full = /no space left|quota/i.test(words);
    return new Fault(full ? 'exhausted' : 'internal', `${this.#failed}: ${printable(words)}`);
  }
}
