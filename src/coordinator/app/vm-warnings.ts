/** All that is right in a definition and yet may not be wanted: its hardware on its host, and where it is plugged in. */
import type { VmDefinition } from '#api';
import type { Reason } from '#lib';
import type { Inventory } from '../inventory/inventory.ts';
import { hostProcessor, warnOfHardware } from './hardware-warnings.ts';
import { warnOfEnvironments } from './network/environments.ts';

export function warnOfVm(
  inventory: Inventory,
  hostId: string,
  definition: VmDefinition,
): readonly Reason[] {
  return [
    ...warnOfHardware(definition, hostProcessor(inventory, hostId)),
    ...warnOfEnvironments(inventory, definition),
  ];
}

/** What a change brings that was not so before. */
export function warnOfChangedVm(
  inventory: Inventory,
  hostId: string,
  before: VmDefinition,
  after: VmDefinition,
): readonly Reason[] {
  const known = new Set(warnOfVm(inventory, hostId, before).map(({ text }) => text));
  return warnOfVm(inventory, hostId, after).filter(({ text }) => !known.has(text));
}
