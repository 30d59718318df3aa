/**
 * Vms that claim the same identity: serial numbers that a guest's software takes for unique (HW-35), MAC addresses,
 * and the UUID that the guest reads, which two hypervisors of others may both have (FED-17).
 */
import { guestUuid, type VmDefinition } from '#api';
import type { VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { hostThing } from './things.ts';

const uuidClaim = 'UUID';

/** What the vm claims for itself alone, each with what it is. */
function claimsOf(definition: VmDefinition): ReadonlyMap<string, string> {
  const { hardware } = definition;
  const { chassis, baseBoard } = hardware.bios;
  // The gravest comes first: it is the one that is told.
  const claims = new Map([[guestUuid(definition), uuidClaim]]);
  for (const [what, serial] of [
    ['chassis asset tag', chassis.assetTag],
    ['chassis serial number', chassis.serialNumber],
    ['base board serial number', baseBoard.serialNumber],
  ] as const)
    if (serial !== null) claims.set(`${what} ${serial}`, what);
  for (const { mac } of hardware.adapters) claims.set(mac, `MAC address ${mac}`);
  return claims;
}

interface Owner {
  readonly id: string;
  readonly name: string;
  readonly host: string;
}

/** Answers which known vm claims something of the definition too. Made once for many questions. */
export class ClaimIndex {
  readonly #owners = new Map<string, Owner>();

  constructor(inventory: Inventory) {
    for (const { data } of inventory.documents<VmDocument>('vm'))
      this.add(data.definition, hostThing(inventory, data.hostId).name);
  }

  add(definition: VmDefinition, host: string): void {
    for (const claim of claimsOf(definition).keys())
      if (!this.#owners.has(claim))
        this.#owners.set(claim, { id: definition.id, name: definition.name, host });
  }

  /** The first conflict, or undefined. */
  conflict(
    definition: VmDefinition,
  ): { readonly other: string; readonly what: string } | undefined {
    for (const [claim, what] of claimsOf(definition)) {
      const owner = this.#owners.get(claim);
      if (owner === undefined || owner.id === definition.id) continue;
      const other = what === uuidClaim ? `${owner.name} on ${owner.host}` : owner.name;
      return { other, what };
    }
    return undefined;
  }
}
