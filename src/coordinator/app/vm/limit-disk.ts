/** The limits of a disk are changed, also while the vm runs: its host keeps the new ones at once. */
import {
  diskLimitsSchema,
  limitsSaid,
  placeName,
  vmDefinitionSchema,
  withoutLimits,
  type Disk,
  type DiskChange,
  type DiskLimits,
  type DryRun,
  type Operation,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { Json } from '../../store/store.ts';
import { parseDefinition } from '../check-definition.ts';
import { asJson } from '../json.ts';
import type { Kind, Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { causeOf, changeDefinition, targetVm } from './common-steps.ts';
import { begin, prepare, requireDisk, withHardware } from './device-change.ts';
import { takeSeen, tellHypervisor } from './tell-hypervisor.ts';

export async function limitDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  { limits }: DiskChange,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  requireDisk(definition, place);
  const after = parseDefinition(withLimits(definition, place, limits), definition.name, definition);
  const input = {
    place,
    limits: limits === null ? null : asJson(limits),
    before: asJson(definition),
  };
  return await begin(coordinator, caller, vm, limitDiskKind, input, dryRun, after);
}

/** A disk that has gone meanwhile is passed over. */
function withLimits(
  definition: VmDefinition,
  place: string,
  limits: DiskLimits | null | undefined,
): VmDefinition {
  const wanted = limitsSaid(limits);
  const limited = (disk: Disk): Disk => ({
    ...withoutLimits(disk),
    ...(wanted === undefined ? {} : { limits: wanted }),
  });
  return withHardware(definition, {
    disks: definition.hardware.disks.map((disk) =>
      placeName(disk) === place ? limited(disk) : disk,
    ),
  });
}

const limitsOf = (told: Json | undefined): DiskLimits | null | undefined =>
  diskLimitsSchema.nullish().parse(told);

function before(work: Work): VmDefinition {
  return vmDefinitionSchema.parse(work.input['before']);
}

export const limitDiskKind: Kind = {
  action: 'vm.disk.change',
  steps: [
    {
      name: 'write',
      async run(work) {
        const { place, limits } = work.input;
        await changeDefinition(work, (definition) =>
          withLimits(definition, String(place), limitsOf(limits)),
        );
      },
      async undo(work) {
        const place = String(work.input['place']);
        const old = before(work);
        const own = old.hardware.disks.find((disk) => placeName(disk) === place)?.limits;
        await tellHypervisor(work, targetVm(work).data.definition, old).catch(() => undefined);
        await changeDefinition(work, (definition) => withLimits(definition, place, own));
        await takeSeen(work).catch(() => undefined);
        await work.pusher.pushOrLater(work.target.id, causeOf(work));
      },
    },
    {
      name: 'push',
      async run(work) {
        await tellHypervisor(work, before(work), targetVm(work).data.definition);
        await pushStep.run(work);
      },
    },
  ],
};
