/**
 * Block nodes of a running machine's disks. Which node has which file is asked of QEMU, which alone knows
 * after layers came and went, and in whichever process began it.
 */
import { Fault } from '#lib';
import { diskOfNode, layerNodeName } from '../command-line/names.ts';
import type { CommandOptions } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';

/** What stands for the path of the image that is served over NBD, of which a disk has one at most. */
export const servedImage = 'nbd:';

/** The images of one disk as they are open at this moment. */
export interface OpenDisk {
  /** The node that the device is on. */
  readonly rootNode: string;
  /** Of the root, absolute; or `servedImage`. */
  readonly path: string;
  /** Node of the image by its path. */
  readonly images: ReadonlyMap<string, string>;
  readonly sizeBytes: number;
}

/** Errors: `not-found` where no such disk is plugged in. */
export async function readOpenDisk(
  client: qmp.Monitor,
  diskId: string,
  options?: CommandOptions,
): Promise<OpenDisk> {
  const devices = await qmp.queryBlock(client, options);
  const rootNode = devices.find(({ deviceId }) => deviceId === diskId)?.inserted?.nodeName;
  const nodes = await qmp.queryNamedBlockNodes(client, options);
  const files = nodes.filter(
    ({ nodeName, format }) =>
      (format === 'file' || format === 'nbd') && diskOfNode(nodeName ?? '') === diskId,
  );
  const images = new Map(
    files.map(({ path, format, nodeName }) => [
      format === 'nbd' ? servedImage : path,
      (nodeName ?? '').replace(/-file$/, '-image'),
    ]),
  );
  const [path] = [...images].find(([, node]) => node === rootNode) ?? [];
  const sizeBytes = nodes.find(({ nodeName }) => nodeName === rootNode)?.virtualBytes;
  if (rootNode === undefined || path === undefined || sizeBytes === undefined)
    throw new Fault('not-found', `the machine has no disk ${diskId} with an image in a file`);
  return { rootNode, path, images, sizeBytes };
}

/** A name that no node of the disk has yet. */
export function freeNodeName(disk: Pick<OpenDisk, 'images'>, diskId: string): string {
  const names = new Set(disk.images.values());
  for (let number = 1; ; number += 1) {
    const name = layerNodeName(diskId, number);
    if (!names.has(name)) return name;
  }
}
