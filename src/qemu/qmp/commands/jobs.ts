/** Block jobs and transactions of block nodes (qapi/job.json, qapi/block-core.json, qapi/transaction.json). */
import { finite, list, map, optional, record, text, type Parser } from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, tell, type Monitor } from './ask.ts';

export interface NodeSnapshot {
  /** The node that the device is on now. */
  readonly nodeName: string;
  /** One without a parent; the device is on it afterwards, and it lies on the other. */
  readonly overlay: string;
}

/** Puts all overlays on top at one instant, or none. */
export function blockdevSnapshots(
  monitor: Monitor,
  snapshots: readonly NodeSnapshot[],
  options?: CommandOptions,
): Promise<void> {
  const actions = snapshots.map(({ nodeName, overlay }) => ({
    type: 'blockdev-snapshot',
    data: { node: nodeName, overlay },
  }));
  return tell(monitor, 'transaction', { actions }, options);
}

export interface BlockCommit {
  readonly jobId: string;
  /** The node that the device is on. */
  readonly rootNode: string;
  readonly topNode: string;
  readonly baseNode: string;
  /** What the image above names as its parent from then on; only where there is one. */
  readonly backingFile?: string | undefined;
  /** 0: no limit. */
  readonly bytesPerSecond: number;
}

/** Begins; it stays in the list after its end, until it is dismissed. */
export function blockCommit(
  monitor: Monitor,
  commit: BlockCommit,
  options?: CommandOptions,
): Promise<void> {
  const args = {
    'job-id': commit.jobId,
    device: commit.rootNode,
    'top-node': commit.topNode,
    'base-node': commit.baseNode,
    'backing-file': commit.backingFile,
    speed: commit.bytesPerSecond,
    'auto-dismiss': false,
  };
  return tell(monitor, 'block-commit', args, options);
}

export interface BlockMirror {
  readonly jobId: string;
  /** The node that the device is on; afterwards it is on the target. */
  readonly rootNode: string;
  /** An image of the same size that nothing uses. */
  readonly targetNode: string;
  /** `top`: what lies below the target holds what lies below the root already. */
  readonly sync: 'full' | 'top';
  /** 0: no limit. */
  readonly bytesPerSecond: number;
}

/** Begins to copy all that a disk holds, with what is written meanwhile; it stays in the list until it is dismissed. */
export function blockdevMirror(
  monitor: Monitor,
  mirror: BlockMirror,
  options?: CommandOptions,
): Promise<void> {
  const args = {
    'job-id': mirror.jobId,
    device: mirror.rootNode,
    target: mirror.targetNode,
    sync: mirror.sync,
    speed: mirror.bytesPerSecond,
    'auto-dismiss': false,
  };
  return tell(monitor, 'blockdev-mirror', args, options);
}

export interface Job {
  readonly id: string;
  /** `running`, `ready`, `concluded` and more. */
  readonly status: string;
  readonly doneUnits: number;
  readonly allUnits: number;
  /** Why it failed. */
  readonly error: string | undefined;
}

const parseJobs: Parser<readonly Job[]> = list(
  map(
    record({
      id: text(256),
      status: text(32),
      'current-progress': finite,
      'total-progress': finite,
      error: optional(text(65_536)),
    }),
    (job) => ({
      id: job.id,
      status: job.status,
      doneUnits: job['current-progress'],
      allUnits: job['total-progress'],
      error: job.error,
    }),
  ),
);

export function queryJobs(monitor: Monitor, options?: CommandOptions): Promise<readonly Job[]> {
  return ask(monitor, 'query-jobs', undefined, parseJobs, options);
}

/** The most that a block job takes from now on; 0: no limit. */
export function blockJobSetSpeed(
  monitor: Monitor,
  { jobId, bytesPerSecond }: Pick<BlockCommit, 'jobId' | 'bytesPerSecond'>,
  options?: CommandOptions,
): Promise<void> {
  const args = { device: jobId, speed: bytesPerSecond };
  return tell(monitor, 'block-job-set-speed', args, options);
}

/** A ready job comes to its end. */
export function jobComplete(monitor: Monitor, id: string, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'job-complete', { id }, options);
}

/** A ready mirror comes to its end, both sides being equal, and the disk stays where it is; any other one breaks off. */
export function blockJobCancel(
  monitor: Monitor,
  id: string,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'block-job-cancel', { device: id, force: false }, options);
}

export function jobCancel(monitor: Monitor, id: string, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'job-cancel', { id }, options);
}

export function jobDismiss(monitor: Monitor, id: string, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'job-dismiss', { id }, options);
}
