/** Disks that a running machine has already, and that are to have other limits. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { limitsSaid, placeName, withoutLimits, type Disk, type VmDefinition } from '#api';

export interface OtherLimits {
  /** As the machine has it. */
  readonly disk: Disk;
  /** The same with the limits that are wanted. */
  readonly limited: Disk;
}

export function otherLimits(has: VmDefinition, wanted: VmDefinition): readonly OtherLimits[] {
  return has.hardware.disks.flatMap((disk) => {
    const other = wanted.hardware.disks.find((one) => placeName(one) === placeName(disk));
    const limits = limitsSaid(other?.limits);
    if (other?.file !== disk.file || isDeepStrictEqual(limits, limitsSaid(disk.limits))) return [];
    const bare = withoutLimits(disk);
    return [{ disk, limited: limits === undefined ? bare : { ...bare, limits } }];
  });
}

export function withDisk(definition: VmDefinition, old: Disk, disk: Disk): VmDefinition {
  const { hardware } = definition;
  const disks = hardware.disks.map((one) => (one === old ? disk : one));
  return { ...definition, hardware: { ...hardware, disks } };
}
