/** Vms that claim the same identity: serial numbers that a guest's software takes for unique (HW-35). */
import type { VmDefinition } from '#api';
import type { VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** Serial numbers of the vm's firmware, each with the setting it is. */
function serialsOf(definition: VmDefinition): ReadonlyMap<string, string> {
  const { chassis, baseBoard } = definition.hardware.bios;
  const serials = new Map<string, string>();
  for (const [what, serial] of [
    ['chassis asset tag', chassis.assetTag],
    ['chassis serial number', chassis.serialNumber],
    ['base board serial number', baseBoard.serialNumber],
  ] as const)
    if (serial !== null) serials.set(`${what} ${serial}`, what);
  return serials;
}

/** Answers which known vm has a serial number of the definition too. Made once for many questions. */
export class SerialIndex {
  readonly #owners = new Map<string, { readonly id: string; readonly name: string }>();

  constructor(inventory: Inventory) {
    for (const vm of inventory.documents<VmDocument>('vm')) this.add(vm.data.definition);
  }

  add(definition: VmDefinition): void {
    for (const serial of serialsOf(definition).keys())
      if (!this.#owners.has(serial))
        this.#owners.set(serial, { id: definition.id, name: definition.name });
  }

  /** The first conflict, or undefined. */
  conflict(
    definition: VmDefinition,
  ): { readonly other: string; readonly what: string } | undefined {
    for (const [serial, what] of serialsOf(definition)) {
      const owner = this.#owners.get(serial);
      if (owner !== undefined && owner.id !== definition.id) return { other: owner.name, what };
    }
    return undefined;
  }
}
