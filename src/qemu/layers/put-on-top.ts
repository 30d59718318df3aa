/**
 * New images on top of the disks of a running machine, all at one instant (qapi/transaction.json): what was
 * on top is read-only from then on, and holds what the disks held at that instant.
 *
 * Invariant: all or none, and a failure leaves nothing open.
 */
import { fileNodeOf } from '../command-line/names.ts';
import type { Disk } from '../command-line/spec-storage.ts';
import { laterNodes } from '../command-line/storage.ts';
import { addNodes, quietly } from '../hot-plug/devices.ts';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { freeNodeName, readOpenDisk } from './nodes.ts';

/** An empty qcow2 image that names the file the disk is on as its parent. */
export interface NewTop {
  readonly disk: Pick<Disk, 'id' | 'discard' | 'cache'>;
  readonly path: string;
}

/** Images that are open and wait for the instant. Disposed of without it they are closed. */
export interface OpenTops extends AsyncDisposable {
  putOnTop(options?: CommandOptions): Promise<void>;
}

export async function openTops(
  client: QmpClient,
  tops: readonly NewTop[],
  options?: CommandOptions,
): Promise<OpenTops> {
  await using undo = new AsyncDisposableStack();
  const snapshots: qmp.NodeSnapshot[] = [];
  for (const { disk, path } of tops) {
    const open = await readOpenDisk(client, disk.id, options);
    const overlay = freeNodeName(open, disk.id);
    const source = { kind: 'file', path } as const;
    const nodes = laterNodes(disk, overlay, { source, format: 'qcow2' });
    await addNodes(client, nodes, undo, options);
    snapshots.push({ nodeName: open.rootNode, overlay });
  }
  const opened = undo.move();
  return {
    async putOnTop(more) {
      await qmp.blockdevSnapshots(client, snapshots, more);
      opened.move();
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** Closes an image that nothing lies on and no device is on; nothing where it is not open. */
export async function closeImage(
  client: QmpClient,
  diskId: string,
  path: string,
  options?: CommandOptions,
): Promise<void> {
  const node = (await readOpenDisk(client, diskId, options)).images.get(path);
  if (node === undefined) return;
  await quietly(() => qmp.blockdevDel(client, node, options))();
  await qmp.blockdevDel(client, fileNodeOf(node), options);
}
