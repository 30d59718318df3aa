/** A disk of a vm becomes larger, also while the vm runs (DISK-08). */
import {
  diskResizeSchema,
  placeName,
  type DiskResize,
  type DryRun,
  type Operation,
  type VmDefinition,
} from '#api';
import { Fault, formatBytes } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import { followed, type Kind } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { copyLimitMs } from './clone-steps.ts';
import { changeDefinition } from './common-steps.ts';
import { begin, machineOf, prepare, requireDisk, withHardware } from './device-change.ts';

export async function resizeDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  { sizeBytes }: DiskResize,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const { name } = definition;
  const disk = requireDisk(definition, place);
  if (sizeBytes < disk.sizeBytes)
    throw new Fault(
      'refused',
      `the disk ${place} of ${name} has ${formatBytes(disk.sizeBytes)}, and disks of vms only become larger`,
      { hint: 'detach it and make its file smaller with: gantry host resize-disk' },
    );
  const after = grow(definition, place, sizeBytes);
  return await begin(coordinator, caller, vm, resizeDiskKind, { place, sizeBytes }, dryRun, after);
}

function grow(definition: VmDefinition, place: string, sizeBytes: number): VmDefinition {
  return withHardware(definition, {
    disks: definition.hardware.disks.map((disk) =>
      placeName(disk) === place ? { ...disk, sizeBytes } : disk,
    ),
  });
}

export const resizeDiskKind: Kind = {
  action: 'vm.disk.resize',
  steps: [
    {
      name: 'resize',
      // A guest may have written to the new space the moment it is there.
      way: 'no-way-back',
      async run(work) {
        const { hostId, machine } = machineOf(work);
        const { place, sizeBytes } = work.input;
        const { live } = await work.coordinator.links.call(
          hostId,
          'machine.disk.resize',
          { ...machine, place: String(place), ...diskResizeSchema.parse({ sizeBytes }) },
          followed(work, copyLimitMs),
        );
        await work.conclude({ live, sizeBytes: Number(sizeBytes) });
      },
    },
    {
      name: 'write',
      async run(work) {
        const { place } = work.input;
        const { sizeBytes } = diskResizeSchema.parse({ sizeBytes: work.input['sizeBytes'] });
        await changeDefinition(work, (definition) => grow(definition, String(place), sizeBytes));
      },
    },
    pushStep,
  ],
};
