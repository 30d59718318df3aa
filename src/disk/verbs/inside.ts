/**
 * What some formats keep inside of a file beside its present content, internal snapshots and dirty bitmaps, and what work on disks would
 * silently do to it: no verb carries it into another file, and what a snapshot shows is read through the parent of then.
 */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';

/** Before a disk gets another parent, or its parent another content. Faults: `refused`. */
export function demandNoSnapshots(disk: Disk, doing: string): void {
  const { snapshots = [] } = disk.layer.describe();
  if (snapshots.length === 0) return;
  throw new Fault('refused', `cannot ${doing} ${disk.name}: it has internal snapshots`, {
    facts: { snapshots: snapshots.map(({ name }) => name) },
    hint: 'delete the snapshots or convert them to disks of their own first',
  });
}

/** Before a file goes, or another one takes its place. Faults: `refused`. */
export function demandNothingInside(disk: Disk, doing: string): void {
  demandNoSnapshots(disk, doing);
  const { bitmaps } = disk.layer.describe().fields;
  if (!Array.isArray(bitmaps) || bitmaps.length === 0) return;
  throw new Fault('refused', `cannot ${doing} ${disk.name}: it has dirty bitmaps`, {
    hint: 'what has them for its backups would not find them again: remove them with qemu-img bitmap --remove first',
  });
}
