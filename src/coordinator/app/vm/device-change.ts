/**
 * What changes of disks, adapters and media have in common. The agent is asked first, because only it knows
 * whether the running machine can take the device at once (`live`); then the definition is written, then
 * the agent is told its revision. Undone in the opposite order.
 */
import { Fault, type Reason } from '#lib';
import {
  placeName,
  type Disk,
  type DryRun,
  type Operation,
  type VmAction,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import { chargeOfChange, chargeVm } from '../../operations/charge.ts';
import type { Document, Json } from '../../store/store.ts';
import { shown, vmDocument } from '../find.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { vmThing } from '../things.ts';
import { warnOfChangedVm } from '../vm-warnings.ts';
import { stepNames, type Kind, type Work } from '../work.ts';
import { causeOf, targetVm } from './common-steps.ts';
import { requireAction } from './judge.ts';

/** What every change of devices is given: the vm's state allows it, and the whole definition is right. */
export function prepare(
  coordinator: Coordinator,
  id: string,
  action: VmAction,
): { readonly vm: Document<VmDocument>; readonly definition: VmDefinition } {
  const { inventory } = coordinator;
  requireAction(inventory, shown('vm', id, inventory.vm(id)), action);
  const vm = vmDocument(inventory, id);
  return { vm, definition: vm.data.definition };
}

/** Errors: `not-found`, naming the places there are. */
export function requireDisk({ name, hardware }: VmDefinition, place: string): Disk {
  const disk = hardware.disks.find((one) => placeName(one) === place);
  if (disk !== undefined) return disk;
  throw new Fault('not-found', `${name} has no disk at ${place.slice(0, 40)}`, {
    hint: `its disks are at: ${hardware.disks.map(placeName).join(', ') || 'none'}`,
  });
}

/** `after`: the definition as it will be, where the change may bring something to be warned of. `more`: what it is warned of beside. `has`: what counts for quotas. Errors: `blocked` by them. */
export async function begin(
  coordinator: Coordinator,
  caller: Caller,
  vm: Document<VmDocument>,
  kind: Kind,
  input: Readonly<Record<string, Json>>,
  dryRun: boolean,
  after: VmDefinition = vm.data.definition,
  more: readonly Reason[] = [],
  has: VmDefinition = after,
): Promise<Operation | DryRun> {
  const target = vmThing(vm.id, vm.data);
  const { definition, hostId } = vm.data;
  const warnings = [...more, ...warnOfChangedVm(coordinator.inventory, hostId, definition, after)];
  const charge = chargeOfChange(vm.id, vm.data, has);
  chargeVm(coordinator.inventory, charge, definition.name);
  if (dryRun)
    return {
      dryRun: true,
      action: kind.action,
      target,
      steps: stepNames(kind),
      changes: [],
      warnings: asReasons(warnings),
    };
  return await coordinator.operations.submit(caller, {
    action: kind.action,
    target,
    input: { ...input, warnings: inWords(warnings) },
    charge,
  });
}

export function withHardware(
  definition: VmDefinition,
  hardware: Partial<VmDefinition['hardware']>,
): VmDefinition {
  return { ...definition, hardware: { ...definition.hardware, ...hardware } };
}

/** What calls about a machine have in common. */
export function machineOf(work: Work): {
  readonly hostId: string;
  readonly machine: { id: string; generation: number; cause: ReturnType<typeof causeOf> };
} {
  const vm = targetVm(work);
  return {
    hostId: vm.data.hostId,
    machine: { id: vm.id, generation: vm.data.generation, cause: causeOf(work) },
  };
}
