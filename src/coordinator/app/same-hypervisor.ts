/**
 * One hypervisor by two ways (FED-18): by two addresses, or by a name and by a number. It is connected once, so that
 * its vms are listed once. Machines that were copied may have the same UUID: hypervisors on them are told apart by
 * their vms.
 */
import { guestUuid, type Tried } from '#api';
import { Fault } from '#lib';
import type { Caller } from '../context.ts';
import type { HostDocument, VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** `own` is the host that is to be connected so. Errors: `exists` naming the host and the address in use. */
export function requireUnknown(
  inventory: Inventory,
  caller: Caller,
  seen: Tried,
  own?: string,
): void {
  if (seen.hypervisorId === null) return;
  for (const { id, data } of inventory.documents<HostDocument>('host')) {
    if (id === own || data.connection === undefined) continue;
    if (data.facts?.hypervisor.id !== seen.hypervisorId) continue;
    if (!mayBeSame(uuidsOn(inventory, id), seen.vms)) continue;
    if (!caller.may('host.view', { kind: 'host', id }))
      throw new Fault('exists', 'this hypervisor is connected already');
    const { name, connection } = data;
    throw new Fault('exists', `this hypervisor is connected already, as host ${name}`, {
      facts: { host: name, address: connection.address },
      hint: `it is reached by ${connection.address}; for the other way: gantry host connect ${name} ADDRESS`,
    });
  }
}

function mayBeSame(known: ReadonlySet<string>, seen: readonly string[]): boolean {
  return known.size === 0 || seen.length === 0 || seen.some((uuid) => known.has(uuid));
}

function uuidsOn(inventory: Inventory, hostId: string): ReadonlySet<string> {
  const vms = [...inventory.vmsOfHost(hostId)];
  return new Set(
    vms.flatMap((id) => {
      const vm = inventory.document<VmDocument>('vm', id);
      return vm === undefined ? [] : [guestUuid(vm.data.definition)];
    }),
  );
}
