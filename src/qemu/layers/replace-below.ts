/**
 * A file below the top of a running machine's disk has another inode under the same name, with the same content: the
 * machine goes on with that one (QEMU, qapi/block-core.json, blockdev-reopen).
 */
import { fileNodeOf } from '../command-line/names.ts';
import { laterNodes } from '../command-line/storage.ts';
import type { Disk, ImageFormat } from '../command-line/spec-storage.ts';
import { addNodes, quietly } from '../hot-plug/devices.ts';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { freeNodeName, readOpenDisk, type OpenDisk } from './nodes.ts';

interface BelowImage {
  /** Absolute. */
  readonly path: string;
  readonly format: ImageFormat;
}

export interface ReplacedImage extends BelowImage {
  readonly disk: Pick<Disk, 'id' | 'discard' | 'cache'>;
  /** What lies on it. */
  readonly above: BelowImage;
  /** What it lies on; undefined: nothing. */
  readonly below: string | undefined;
}

/** Can be done again. Errors: those of QEMU, with everything as it was. Does nothing where the file is not open. */
export async function replaceBelow(
  client: QmpClient,
  { disk, path, format, above, below }: ReplacedImage,
  options?: CommandOptions,
): Promise<void> {
  const open = await readOpenDisk(client, disk.id, options);
  const aboveNode = open.images.get(above.path);
  if (aboveNode === undefined || !open.images.has(path)) return;
  const old = await nodesOf(client, path, options);
  const node = freeNodeName(open, disk.id);
  await using undo = new AsyncDisposableStack();
  const access = 'read-until-merged';
  const backing = below === undefined ? null : (open.images.get(below) ?? null);
  const source = { kind: 'file', path } as const;
  const nodes = laterNodes(disk, node, { source, format, access, backing });
  await addNodes(client, nodes, undo, options);
  await qmp.blockdevReopen(client, [reopened(open, disk, above, aboveNode, node)], options);
  undo.move();
  for (const one of old) {
    await quietly(() => qmp.blockdevDel(client, one, options))();
    await quietly(() => qmp.blockdevDel(client, fileNodeOf(one), options))();
  }
}

/** As it was opened, but for its parent. */
function reopened(
  open: OpenDisk,
  disk: ReplacedImage['disk'],
  above: BelowImage,
  aboveNode: string,
  backing: string,
): ReturnType<typeof laterNodes>[1] {
  const access = open.path === above.path ? 'write' : 'read-until-merged';
  const source = { kind: 'file', path: above.path } as const;
  const { format } = above;
  const [, image] = laterNodes(disk, aboveNode, { source, format, access, backing });
  return image;
}

async function nodesOf(
  client: QmpClient,
  path: string,
  options?: CommandOptions,
): Promise<readonly string[]> {
  const nodes = await qmp.queryNamedBlockNodes(client, options);
  return nodes.flatMap(({ nodeName, format, path: file }) =>
    nodeName !== undefined && format === 'file' && file === path
      ? [nodeName.replace(/-file$/, '-image')]
      : [],
  );
}
