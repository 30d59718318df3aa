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
import { nameNetworks } from '../network/name-networks.ts';
import { changeDefinition, targetVm } from './common-steps.ts';
import { machineOf } from './device-change.ts';

export function isForeignHost(inventory: Inventory, hostId: string): boolean {
  return inventory.document<HostDocument>('host', hostId)?.data.connection !== undefined;
}

/** With ids for networks; on a hypervisor that others run networks are its own, by their names there. Errors: `not-found`. */
export function plugIn(
  inventory: Inventory,
  hostId: string,
  definition: VmDefinition,
  before?: VmDefinition,
): VmDefinition {
  if (!isForeignHost(inventory, hostId)) return nameNetworks(inventory, definition, before);
  const { hardware } = definition;
  const adapters = hardware.adapters.map((adapter) => {
    const { attachment } = adapter;
    if (attachment.kind !== 'network') return adapter;
    const isBridge = attachment.network.startsWith('bridge ');
    const name = isBridge ? attachment.network : `network ${attachment.network}`;
    return { ...adapter, attachment: { kind: 'foreign', name } as const };
  });
  return { ...definition, hardware: { ...hardware, adapters } };
}

/** What people say of a vm in Gantry is kept here alone; what other programs keep with it is kept there. */
function concernsHypervisor(before: VmDefinition, after: VmDefinition): boolean {
  return diffSettings(before, after).some(({ path }) =>
    /^((hardware|resources|settings)\/|extensions\/libvirt-(title|metadata)(\/|$))/.test(path),
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

/** The definition with what is there; of a host with an agent the one given. Errors: those of `machine.look`. */
export async function asSeen(
  work: Work,
  hostId: string,
  definition: VmDefinition,
): Promise<VmDefinition> {
  const { links, inventory } = work.coordinator;
  const { id, name } = definition;
  if (!isForeignHost(inventory, hostId)) return definition;
  const { record } = await links.call(hostId, 'machine.look', { id }, { signal: work.signal });
  return { ...seenDefinition(definition, record), name };
}

/** Takes over what is there now. A host that has been lost meanwhile tells when it is back. */
export async function takeSeen(work: Work): Promise<void> {
  const { definition, hostId } = targetVm(work).data;
  if (!isForeignHost(work.coordinator.inventory, hostId)) return;
  try {
    // Nobody else changes it while the work has it.
    const seen = await asSeen(work, hostId, definition);
    await changeDefinition(work, () => seen);
  } catch (error) {
    if (!isFault(error, 'unavailable') && !isFault(error, 'timeout')) throw error;
  }
}
