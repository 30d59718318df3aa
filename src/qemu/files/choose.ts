/** Which of the file systems of a disk is meant, by the number of its partition. */
import { Fault } from '#lib';
import type { FileSystem } from './appliance.ts';

/** The number by which commands name it: 0 for a file system on the disk itself. */
export function partitionOf(device: string): number {
  return Number(device.slice('vda'.length));
}

/**
 * Each once: a disk with a table holds nothing else itself, unless it is a CD that is one of both; and the boot sector of a floppy
 * may name all of it as a partition.
 */
export function shownSystems(systems: readonly FileSystem[]): readonly FileSystem[] {
  const whole = systems.find(({ device }) => device === 'vda');
  const isWhole = ({ start, sizeBytes }: FileSystem): boolean =>
    start === whole?.start && sizeBytes === whole.sizeBytes;
  const parts = systems.filter((one) => one !== whole && !(whole?.name && isWhole(one)));
  return whole !== undefined && (whole.name || parts.length === 0) ? [whole, ...parts] : parts;
}

/** The file system that was named, or the only one that can be read. Faults: `not-found`, `invalid`. */
export function chooseFileSystem(
  systems: readonly FileSystem[],
  partition: number | undefined,
): string {
  if (partition !== undefined) return partition === 0 ? 'vda' : `vda${partition}`;
  const readable = shownSystems(systems).filter(({ type }) => type !== undefined);
  const [only] = readable;
  if (only === undefined) {
    throw new Fault('not-found', 'the disk has no file system that can be read', {
      hint: 'list what is on it, without a path',
    });
  }
  if (readable.length === 1) return only.device;
  throw new Fault('invalid', `the disk has ${readable.length} file systems`, {
    hint: `name the partition, one of: ${readable.map(({ device }) => partitionOf(device)).join(', ')}`,
  });
}
