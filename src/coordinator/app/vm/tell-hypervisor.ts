/**
 * Definitions of vms that others run (docs/rfd/0024): a change is written there, by what it was made from, and what is there
 * afterwards counts. Of vms whose host has an agent all of this does nothing.
 */
import { diffSettings, type VmDefinition } from '#api';
import { isFault } from '#lib';
import type { HostDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { seenDefinition } from '../../link/foreign-record.ts';
import type { Work } from '../work.ts';
import { changeDefinition, targetVm } from './common-steps.ts';
import { machineOf } from './device-change.ts';

export function isForeignHost(inventory: Inventory, hostId: string): boolean {
  return inventory.document<HostDocument>('host', hostId)?.data.connection !== undefined;
}

/** What people say of a vm in Gantry is kept here alone. */
function concernsHypervisor(before: VmDefinition, after: VmDefinition): boolean {
  return diffSettings(before, after).some(({ path }) =>
    /^(hardware|resources|settings)\//.test(path),
  );
}

/** Errors: those of `machine.configure`; `unavailable`. */
export async function tellHypervisor(
  work: Work,
  base: VmDefinition,
  definition: VmDefinition,
): Promise<void> {
  const { hostId, machine } = machineOf(work);
  if (!isForeignHost(work.coordinator.inventory, hostId)) return;
  if (!concernsHypervisor(base, definition)) return;
  const definitionVersion = targetVm(work).data.revision;
  const params = { ...machine, definition, definitionVersion, base };
  await work.coordinator.links.call(hostId, 'machine.configure', params, { signal: work.signal });
}

/** Takes over what is there now. A host that has been lost meanwhile tells when it is back. */
export async function takeSeen(work: Work): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { links, inventory } = work.coordinator;
  if (!isForeignHost(inventory, hostId)) return;
  const { id } = machine;
  try {
    const { record } = await links.call(hostId, 'machine.look', { id }, { signal: work.signal });
    await changeDefinition(work, (ours) => ({ ...seenDefinition(ours, record), name: ours.name }));
  } catch (error) {
    if (!isFault(error, 'unavailable') && !isFault(error, 'timeout')) throw error;
  }
}
