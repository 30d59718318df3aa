/** Vms that claim the same identity: serial numbers that a guest's software takes for unique (HW-35), and MAC addresses. */
import type { VmDefinition } from '#api';
import type { VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** What the vm claims for itself alone, each with what it is. */
function claimsOf({ hardware }: VmDefinition): ReadonlyMap<string, string> {
  const { chassis, baseBoard } = hardware.bios;
  const claims = new Map<string, string>();
  for (const [what, serial] of [
    ['chassis asset tag', chassis.assetTag],
    ['chassis serial number', chassis.serialNumber],
    ['base board serial number', baseBoard.serialNumber],
  ] as const)
    if (serial !== null) claims.set(`${what} ${serial}`, what);
  for (const { mac } of hardware.adapters) claims.set(mac, `MAC address ${mac}`);
  return claims;
}

/** Answers which known vm claims something of the definition too. Made once for many questions. */
export class ClaimIndex {
  readonly #owners = new Map<string, { readonly id: string; readonly name: string }>();

  constructor(inventory: Inventory) {
    for (const vm of inventory.documents<VmDocument>('vm')) this.add(vm.data.definition);
  }

  add(definition: VmDefinition): void {
    for (const claim of claimsOf(definition).keys())
      if (!this.#owners.has(claim))
        this.#owners.set(claim, { id: definition.id, name: definition.name });
  }

  /** The first conflict, or undefined. */
  conflict(
    definition: VmDefinition,
  ): { readonly other: string; readonly what: string } | undefined {
    for (const [claim, what] of claimsOf(definition)) {
      const owner = this.#owners.get(claim);
      if (owner !== undefined && owner.id !== definition.id) return { other: owner.name, what };
    }
    return undefined;
  }
}
