/** A disk of a vm gives back the space of blocks that hold only zeros (DISK-41, DISK-43); its content stays the same. */
import { diskCompactSchema, type DiskCompact, type DryRun, type Operation } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import { asJson } from '../json.ts';
import { followed, type Kind } from '../work.ts';
import { copyLimitMs } from './clone-steps.ts';
import { begin, machineOf, prepare, requireDisk } from './device-change.ts';

export async function compactDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  request: DiskCompact,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const { name } = definition;
  const disk = requireDisk(definition, place);
  const state = coordinator.inventory.vm(id)?.state;
  if (state !== 'off')
    throw new Fault('refused', `${name} is ${state}, and disks are compacted while nobody writes`, {
      hint: 'shut it down first',
    });
  const input = { place, file: disk.file, request: asJson(request) };
  return await begin(coordinator, caller, vm, compactDiskKind, input, dryRun);
}

export const compactDiskKind: Kind = {
  action: 'vm.disk.compact',
  steps: [
    {
      name: 'compact',
      // It shows the same content, before and after.
      way: 'stays',
      async run(work) {
        const { hostId, machine } = machineOf(work);
        const { place, request } = work.input;
        const { fileBytes, gainBytes } = await work.coordinator.links.call(
          hostId,
          'machine.disk.compact',
          { ...machine, place: String(place), ...diskCompactSchema.parse(request) },
          followed(work, copyLimitMs),
        );
        await work.conclude({ fileBytes, gainBytes });
      },
    },
  ],
};
