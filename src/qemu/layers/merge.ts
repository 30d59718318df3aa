/**
 * Two images of a running machine's disk become one: what the upper one holds is written into the lower one,
 * which then stands for both (QEMU, docs/interop/live-block-operations.rst, block-commit).
 *
 * Invariant: until `moved` has been called and answered, the upper image holds all that the disk holds, so
 * that whoever is cut off may go by it. The guest stands still meanwhile where it was the one on top.
 */
import { basename, dirname } from 'node:path';
import { assert, Fault } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { BlockJob, type JobWatch } from './jobs.ts';
import { isServedImage, readOpenDisk, type OpenDisk } from './nodes.ts';
import { closeImage } from './put-on-top.ts';

export interface LiveMerge extends JobWatch {
  readonly diskId: string;
  /** Paths, absolute; the lower one may be that of a served image where the upper one is on top. */
  readonly upper: string;
  readonly lower: string;
  /** What lies on the upper one and is told its new parent; undefined where that is on top. */
  readonly above: string | undefined;
  /** Both are equal; the guest is about to stand still, where it is in what is merged. */
  readonly beforeMove: () => Promise<void>;
  /** The disk goes on in the lower image: the place to write that down. */
  readonly moved: () => Promise<void>;
}

/**
 * Goes on with a merge that another connection began. Errors: `cancelled` and others with the images as they were
 * for the guest; `exhausted` when the volume is full.
 */
export async function mergeLive(client: QmpClient, merge: LiveMerge): Promise<void> {
  const { diskId, upper, signal, limit } = merge;
  const jobId = `merge-${diskId}`;
  const open = await readOpenDisk(client, diskId, { signal });
  if (!open.images.has(upper)) return merge.moved();
  const isTop = open.path === upper;
  const job = new BlockJob(client, jobId, 'the merge failed');
  if (!(await job.isThere())) {
    const bytesPerSecond = limit();
    await qmp.blockCommit(client, { ...commitOf(jobId, open, merge), bytesPerSecond }, { signal });
    job.begunWith(bytesPerSecond);
  }
  try {
    await job.follow(isTop ? 'ready' : 'concluded', merge);
    if (isTop) await merge.beforeMove();
  } catch (error) {
    await job.giveUp();
    throw error;
  }
  if (isTop) {
    await job.switchOver(merge.moved);
  } else {
    await job.dismiss();
    await merge.moved();
  }
  await closeImage(client, diskId, upper);
}

function commitOf(
  jobId: string,
  open: OpenDisk,
  { upper, lower, above }: LiveMerge,
): Omit<qmp.BlockCommit, 'bytesPerSecond'> {
  const topNode = open.images.get(upper);
  const baseNode = open.images.get(lower);
  if (topNode === undefined || baseNode === undefined)
    throw new Fault('not-found', `the machine has not both ${upper} and ${lower} open`);
  const isTop = open.path === upper;
  assert(isTop || !isServedImage(lower), 'QEMU would name the format of what it is served, raw');
  const isBeside = above !== undefined && dirname(above) === dirname(lower);
  const backingFile = isTop ? undefined : isBeside ? `./${basename(lower)}` : lower;
  return { jobId, rootNode: open.rootNode, topNode, baseNode, backingFile };
}
