/**
 * The disk of a running machine goes on in another file: all that it holds is copied there while the guest writes on,
 * then the machine is switched over (QEMU, docs/interop/live-block-operations.rst, blockdev-mirror).
 *
 * Invariant: until `moved` has been called and answered, the old file holds all that the disk holds: the guest
 * stands still from the last write to it until then.
 */
import { Fault } from '#lib';
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
  /** An image of the disk's size. What it held is written over. */
  readonly to: ImageSource;
  readonly format: ImageFormat;
  /** What it lies on; by default nothing: then it gets all that the disk holds, else what the disk's own top holds. */
  readonly below?: MirrorBase | undefined;
  /** Whether the copy is to go on when the signal has ended the wait for it. */
  readonly goesOn: () => boolean;
  /** Both are equal; the guest is about to stand still. */
  readonly beforeMove: () => Promise<void>;
  /** The disk goes on in the new file: the place to write that down. */
  readonly moved: () => Promise<void>;
}

/** Below the new top is what is below the old one, in other files or in the same. */
export interface MirrorBase {
  /** Copies that nothing has open, from the top down. */
  readonly copies: readonly { readonly source: ImageSource; readonly format: ImageFormat }[];
  /** The image on which the lowest of them lies, which the disk has open and shares from now on; undefined: none. */
  readonly kept: string | undefined;
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
    if (!signal.aborted || !mirror.goesOn())
      await endMirror(client, disk.id, [to, ...copiesOf(mirror)]);
    throw error;
  }
  await closeImage(client, disk.id, open.path);
}

function copiesOf({ below }: LiveMirror): string[] {
  return (below?.copies ?? []).map(({ source }) => imagePath(source));
}

async function begin(client: QmpClient, mirror: LiveMirror): Promise<void> {
  const { disk, to, format, signal, limit } = mirror;
  await endMirror(client, disk.id, [imagePath(to), ...copiesOf(mirror)]);
  await using undo = new AsyncDisposableStack();
  const { rootNode, backing } = await openBelow(client, mirror, undo);
  const targetNode = freeNodeName(await readOpenDisk(client, disk.id, { signal }), disk.id);
  const nodes = laterNodes(disk, targetNode, { source: to, format, backing });
  await addNodes(client, nodes, undo, { signal });
  const sync = mirror.below === undefined ? 'full' : 'top';
  const begun = { jobId: `mirror-${disk.id}`, rootNode, targetNode, sync } as const;
  await qmp.blockdevMirror(client, { ...begun, bytesPerSecond: limit() }, { signal });
  undo.move();
}

/** Answers the node that the new top is to lie on. */
async function openBelow(
  client: QmpClient,
  { disk, below, signal }: LiveMirror,
  undo: AsyncDisposableStack,
): Promise<{ readonly rootNode: string; readonly backing: string | null }> {
  let open = await readOpenDisk(client, disk.id, { signal });
  let backing = below?.kept === undefined ? null : open.images.get(below.kept);
  if (backing === undefined)
    throw new Fault('not-found', `the machine does not have ${below?.kept} open`);
  for (const { source, format } of (below?.copies ?? []).toReversed()) {
    const node = freeNodeName(open, disk.id);
    const access = 'read-until-merged';
    const nodes = laterNodes(disk, node, { source, format, access, backing });
    await addNodes(client, nodes, undo, { signal });
    backing = node;
    open = await readOpenDisk(client, disk.id, { signal });
  }
  return { rootNode: open.rootNode, backing };
}

/** Whether a copy to that image is under way. */
export async function isMirroring(client: QmpClient, diskId: string, to: string): Promise<boolean> {
  const { images } = await readOpenDisk(client, diskId);
  return images.has(to) && (await jobOf(client, diskId).isThere());
}

/**
 * The disk stays where it is, and the files that it was to go to are closed, from the top down. Without a copy nothing is
 * done.
 */
export async function endMirror(
  client: QmpClient,
  diskId: string,
  files: readonly string[],
): Promise<void> {
  const job = jobOf(client, diskId);
  if (await job.isThere()) await job.giveUp();
  const open = await readOpenDisk(client, diskId);
  if (open.path === files[0]) return;
  for (const file of files) await closeImage(client, diskId, file);
}
