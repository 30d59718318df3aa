/**
 * Block nodes of a running machine's disks. Which node has which file is asked of QEMU, which alone knows
 * after layers came and went, and in whichever process began it.
 */
import { Fault } from '#lib';
import { diskOfNode, layerNodeName } from '../command-line/names.ts';
import type { ImageSource } from '../command-line/spec-storage.ts';
import type { CommandOptions } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';

/** What stands for the path of an image that is served over NBD. A served image is the lowest of its disk. */
export function servedImage(exportName: string): string {
  return `nbd:${exportName}`;
}

export function isServedImage(path: string): boolean {
  return path.startsWith('nbd:');
}

/** What an image is known by here. */
export function imagePath(source: ImageSource): string {
  return source.kind === 'nbd' ? servedImage(source.exportName) : source.path;
}

/** The images of one disk as they are open at this moment. */
export interface OpenDisk {
  /** The node that the device is on. */
  readonly rootNode: string;
  /** Of the root, absolute; or that of a served image. */
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
      format === 'nbd' ? servedImage(exportOf(path)) : path,
      (nodeName ?? '').replace(/-file$/, '-image'),
    ]),
  );
  const [path] = [...images].find(([, node]) => node === rootNode) ?? [];
  const sizeBytes = nodes.find(({ nodeName }) => nodeName === rootNode)?.virtualBytes;
  if (rootNode === undefined || path === undefined || sizeBytes === undefined)
    throw new Fault('not-found', `the machine has no disk ${diskId} with an image in a file`);
  return { rootNode, path, images, sizeBytes };
}

/** As QEMU writes what it is a client of: `nbd+unix:///disk-virtio0-1?socket=/run/…` (QEMU, block/nbd.c). */
function exportOf(uri: string): string {
  const name = /^nbd\+unix:\/\/\/([^?]*)/.exec(uri)?.[1];
  if (name !== undefined) return decodeURIComponent(name);
  throw new Fault('internal', `QEMU names an export in an unknown way: ${uri.slice(0, 200)}`);
}

/** A name that no node of the disk has yet. */
export function freeNodeName(disk: Pick<OpenDisk, 'images'>, diskId: string): string {
  const names = new Set(disk.images.values());
  for (let number = 1; ; number += 1) {
    const name = layerNodeName(diskId, number);
    if (!names.has(name)) return name;
  }
}
