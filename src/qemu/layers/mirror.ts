/**
 * The disk of a running machine goes on in another file: all that it holds is copied there while the guest writes on,
 * then the machine is switched over (QEMU, docs/interop/live-block-operations.rst, blockdev-mirror).
 *
 * Invariant: until `moved` has been called and answered, the old file holds all that the disk holds: the guest
 * stands still from the last write to it until then.
 */
import { laterNodes } from '../command-line/storage.ts';
import type { Disk, ImageFormat, ImageSource } from '../command-line/spec-storage.ts';
import { addNodes } from '../hot-plug/devices.ts';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { BlockJob, type JobWatch } from './jobs.ts';
import { freeNodeName, imagePath, readOpenDisk } from './nodes.ts';
import { closeImage } from './put-on-top.ts';

export interface LiveMirror extends JobWatch {
  readonly disk: Pick<Disk, 'id' | 'discard' | 'cache'>;
  /** An image of the disk's size that stands alone. What it held is written over. */
  readonly to: ImageSource;
  readonly format: ImageFormat;
  /** Whether the copy is to go on when the signal has ended the wait for it. */
  readonly goesOn: () => boolean;
  /** Both are equal; the guest is about to stand still. */
  readonly beforeMove: () => Promise<void>;
  /** The disk goes on in the new file: the place to write that down. */
  readonly moved: () => Promise<void>;
}

const jobOf = (client: QmpClient, diskId: string): BlockJob =>
  new BlockJob(client, `mirror-${diskId}`, 'the copy failed');

/** Goes on with a copy to that file that another connection began. Errors: as `mergeLive`; the disk stays where it is. */
export async function mirrorLive(client: QmpClient, mirror: LiveMirror): Promise<void> {
  const { disk, signal } = mirror;
  const to = imagePath(mirror.to);
  const open = await readOpenDisk(client, disk.id, { signal });
  if (open.path === to) return mirror.moved();
  const job = jobOf(client, disk.id);
  const joins = open.images.has(to) && (await job.isThere());
  if (!joins) await begin(client, mirror);
  try {
    await job.follow('ready', mirror);
    await mirror.beforeMove();
    await job.switchOver(mirror.moved);
  } catch (error) {
    if (!signal.aborted || !mirror.goesOn()) await endMirror(client, disk.id, to);
    throw error;
  }
  await closeImage(client, disk.id, open.path);
}

async function begin(client: QmpClient, mirror: LiveMirror): Promise<void> {
  const { disk, to, format, signal, limit } = mirror;
  await endMirror(client, disk.id, imagePath(to));
  const open = await readOpenDisk(client, disk.id, { signal });
  const targetNode = freeNodeName(open, disk.id);
  await using undo = new AsyncDisposableStack();
  await addNodes(client, laterNodes(disk, targetNode, { source: to, format }), undo, { signal });
  const { rootNode } = open;
  const begun = { jobId: `mirror-${disk.id}`, rootNode, targetNode, bytesPerSecond: limit() };
  await qmp.blockdevMirror(client, begun, { signal });
  undo.move();
}

/** Whether a copy to that image is under way. */
export async function isMirroring(client: QmpClient, diskId: string, to: string): Promise<boolean> {
  const { images } = await readOpenDisk(client, diskId);
  return images.has(to) && (await jobOf(client, diskId).isThere());
}

/** The disk stays where it is, and the file that it was to go to is closed. Without a copy nothing is done. */
export async function endMirror(client: QmpClient, diskId: string, to: string): Promise<void> {
  const job = jobOf(client, diskId);
  if (await job.isThere()) await job.giveUp();
  const open = await readOpenDisk(client, diskId);
  if (open.path !== to) await closeImage(client, diskId, to);
}
