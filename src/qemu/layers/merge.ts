/**
 * Two images of a running machine's disk become one: what the upper one holds is written into the lower one,
 * which then stands for both (QEMU, docs/interop/live-block-operations.rst, block-commit).
 *
 * Invariant: until `moved` has been called and answered, the upper image holds all that the disk holds, so
 * that whoever is cut off may go by it. The guest stands still meanwhile where it was the one on top.
 */
import { basename } from 'node:path';
import { assert, Fault, systemClock } from '#lib';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { printable } from '../qmp/messages.ts';
import { readOpenDisk, servedImage, type OpenDisk } from './nodes.ts';
import { closeImage } from './put-on-top.ts';

export interface LiveMerge {
  readonly diskId: string;
  /** Paths, absolute and in one folder; the lower one may be `servedImage` where the upper one is on top. */
  readonly upper: string;
  readonly lower: string;
  /**
   * The most that it takes, bytes per second, 0: no limit; asked again and again, as it may change. What the guest stands still
   * for has none: QEMU paces no job that is ready.
   */
  readonly limit: () => number;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (part: number) => void;
  /** Both are equal; the guest is about to stand still, where it is in what is merged. */
  readonly beforeMove: () => Promise<void>;
  /** The disk goes on in the lower image: the place to write that down. */
  readonly moved: () => Promise<void>;
}

const pauseMs = 50;
const endMs = 30_000;

/**
 * Goes on with a merge that another connection began. Errors: `cancelled` and others with the images as they were
 * for the guest; `exhausted` when the volume is full.
 */
export async function mergeLive(client: QmpClient, merge: LiveMerge): Promise<void> {
  const { diskId, upper, signal, limit, onProgress } = merge;
  const jobId = `merge-${diskId}`;
  const open = await readOpenDisk(client, diskId, { signal });
  if (!open.images.has(upper)) return merge.moved();
  const isTop = open.path === upper;
  const begun = (await findJob(client, jobId)) !== undefined;
  const bytesPerSecond = limit();
  const pace = new Pace(client, jobId, begun ? undefined : bytesPerSecond);
  if (!begun)
    await qmp.blockCommit(client, { ...commitOf(jobId, open, merge), bytesPerSecond }, { signal });
  try {
    await followJob(client, jobId, isTop ? 'ready' : 'concluded', signal, async (part) => {
      onProgress(part);
      await pace.keep(limit());
    });
    if (isTop) await merge.beforeMove();
  } catch (error) {
    await giveUp(client, jobId);
    throw error;
  }
  if (isTop) {
    await moveDown(client, jobId, merge.moved);
  } else {
    await dismiss(client, jobId);
    await merge.moved();
  }
  await closeImage(client, diskId, upper);
}

function commitOf(
  jobId: string,
  open: OpenDisk,
  { upper, lower }: LiveMerge,
): Omit<qmp.BlockCommit, 'bytesPerSecond'> {
  const topNode = open.images.get(upper);
  const baseNode = open.images.get(lower);
  if (topNode === undefined || baseNode === undefined)
    throw new Fault('not-found', `the machine has not both ${upper} and ${lower} open`);
  const isTop = open.path === upper;
  assert(isTop || lower !== servedImage, 'QEMU would name the format of what it is served, raw');
  const backingFile = isTop ? undefined : `./${basename(lower)}`;
  return { jobId, rootNode: open.rootNode, topNode, baseNode, backingFile };
}

/** How fast a job may go, as far as that is known: another connection may have begun it. */
class Pace {
  readonly #client: QmpClient;
  readonly #jobId: string;
  #kept: number | undefined;

  constructor(client: QmpClient, jobId: string, kept: number | undefined) {
    this.#client = client;
    this.#jobId = jobId;
    this.#kept = kept;
  }

  /** One that has just come to its end has no pace any more, which whoever follows it sees. */
  async keep(bytesPerSecond: number): Promise<void> {
    if (this.#kept === bytesPerSecond) return;
    const asked = qmp.blockJobSetSpeed(this.#client, { jobId: this.#jobId, bytesPerSecond });
    await asked.then(
      () => (this.#kept = bytesPerSecond),
      () => undefined,
    );
  }
}

/** The guest stands still from before the last write of the job until what `moved` writes down is written. */
async function moveDown(
  client: QmpClient,
  jobId: string,
  moved: () => Promise<void>,
): Promise<void> {
  const { running } = await qmp.queryStatus(client);
  if (running) await qmp.stop(client);
  try {
    await qmp.jobComplete(client, jobId);
    await followJob(
      client,
      jobId,
      'concluded',
      AbortSignal.timeout(endMs),
      async () => undefined,
      2,
    );
    await dismiss(client, jobId);
    await moved();
  } catch (error) {
    await giveUp(client, jobId);
    throw error;
  } finally {
    if (running) await qmp.cont(client).catch(() => undefined);
  }
}

async function followJob(
  client: QmpClient,
  jobId: string,
  until: 'ready' | 'concluded',
  signal: AbortSignal,
  onProgress: (part: number) => Promise<void>,
  eachMs = pauseMs,
): Promise<void> {
  for (;;) {
    const job = await findJob(client, jobId, { signal });
    if (job === undefined) throw new Fault('internal', `the job ${jobId} is not there any more`);
    if (job.allUnits > 0) await onProgress(Math.min(1, job.doneUnits / job.allUnits));
    if (job.error !== undefined) throw explain(job.error);
    signal.throwIfAborted();
    if (job.status === until || job.status === 'concluded') return;
    await systemClock.sleep(eachMs, signal);
  }
}

async function findJob(
  client: QmpClient,
  jobId: string,
  options?: CommandOptions,
): Promise<qmp.Job | undefined> {
  const jobs = await qmp.queryJobs(client, options);
  return jobs.find(({ id }) => id === jobId);
}

async function dismiss(client: QmpClient, jobId: string): Promise<void> {
  const error = (await findJob(client, jobId))?.error;
  await qmp.jobDismiss(client, jobId);
  if (error !== undefined) throw explain(error);
}

/** Ends the job, in whatever state, so that the next one can have its name. */
async function giveUp(client: QmpClient, jobId: string): Promise<void> {
  try {
    await qmp.jobCancel(client, jobId).catch(() => undefined);
    const signal = AbortSignal.timeout(endMs);
    for (;;) {
      const job = await findJob(client, jobId, { signal });
      if (job === undefined) return;
      if (job.status === 'concluded') break;
      await systemClock.sleep(pauseMs, signal);
    }
    await qmp.jobDismiss(client, jobId);
  } catch {
    // QEMU has gone, or the job has: either way there is none to end.
  }
}

function explain(words: string): Fault {
  const full = /no space left|quota/i.test(words);
  return new Fault(full ? 'exhausted' : 'internal', `the merge failed: ${printable(words)}`);
}
