/** Which disks of a vm may be in its snapshots. */
import { placeName, type Vm } from '#api';

/** Places of those that are files and not shared, in the order of the vm; a snapshot from before may have others. */
export function snapshotDisks({ definition }: Vm): readonly string[] {
  return definition.hardware.disks
    .filter(({ shared, kind }) => !shared && kind === undefined)
    .map(placeName);
}
