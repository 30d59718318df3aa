/**
 * Names inside QEMU, all derived, none stored. Devices that a definition names keep their id; what the
 * board itself needs begins with `board-`, which no definition may use.
 *
 * Bound: QEMU takes at most 31 characters for the name of a block node.
 */

/** Of disks, drives and adapters. */
export const idPattern = /^(?!board-)[a-zA-Z][a-zA-Z0-9-]{0,19}$/;

/** The chardev and, for ports, the device. */
export const monitorName = 'board-monitor';
export const guestChannelName = 'board-channel';
export const tpmName = 'board-tpm';
export const parallelName = 'board-parallel';
export const balloonName = 'board-balloon';

export function serialName(position: number): string {
  return `board-serial${position}`;
}

export function scsiName(position: number): string {
  return `board-scsi${position}`;
}

/** The chardev behind a port or channel. */
export function chardevName(deviceName: string): string {
  return `${deviceName}-end`;
}

/** The host's side of an adapter. */
export function netdevName(adapterId: string): string {
  return `${adapterId}-net`;
}

/** The block nodes of a disk's image; generation 0 is the image itself, 1 its parent and so on. */
export function imageNodeName(diskId: string, generation: number): string {
  return generation === 0 ? `${diskId}-image` : `${diskId}-p${generation}-image`;
}

/** Of an image that was put on top of a running machine's disk; the first of a process has number 1. */
export function layerNodeName(diskId: string, number: number): string {
  return `${diskId}-n${number}-image`;
}

/** The node of the file below the node of an image. */
export function fileNodeOf(imageNode: string): string {
  return imageNode.replace(/-image$/, '-file');
}

/** The disk that a node belongs to; undefined for nodes of drives. */
export function diskOfNode(nodeName: string): string | undefined {
  return /^(.+?)-(?:[pn]\d+-)?(?:image|file)$/.exec(nodeName)?.[1];
}

/** A drive's medium: two names take turns, so that the next medium is opened before the last one goes. */
export const mediumSlots = ['a', 'b'] as const;
export type MediumSlot = (typeof mediumSlots)[number];

export function mediumNodeName(driveId: string, slot: MediumSlot): string {
  return `${driveId}-medium-${slot}`;
}

export function mediumFileNodeName(driveId: string, slot: MediumSlot): string {
  return `${driveId}-file-${slot}`;
}
