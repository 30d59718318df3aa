/** What networks of other products are here, by their names there: asked for with an import, and kept for further ones (CMP-04). */
import { isFault } from '#lib';
import { installationSettings } from '../../access/sign-in/sessions.ts';
import type { Caller, Coordinator } from '../../context.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { updateInstallation } from '../installation.ts';
import { findNetwork } from '../network/show-network.ts';

/** By one name each, so that one that is named twice is known as the same. Errors: `not-found`. */
export function networkNamed(inventory: Inventory, reference: string): string {
  return reference === 'user' || reference === 'none'
    ? reference
    : findNetwork(inventory, reference).data.name;
}

/** Names of ours have no `=`, those of others may. */
function splitName(line: string): { readonly theirs: string; readonly ours: string } {
  const at = line.lastIndexOf('=');
  return { theirs: line.slice(0, at), ours: line.slice(at + 1).trim() };
}

/** Those that are kept count where none is asked for; one of them whose network is gone does not. Errors: `not-found`. */
export function readNetworkNames(
  inventory: Inventory,
  asked: readonly string[],
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { theirs, ours } of installationSettings(inventory).foreignNetworks.map(splitName)) {
    try {
      names.set(theirs, networkNamed(inventory, ours));
    } catch (error) {
      if (!isFault(error, 'not-found')) throw error;
    }
  }
  for (const { theirs, ours } of asked.map(splitName))
    names.set(theirs, networkNamed(inventory, ours));
  return names;
}

/** Beside those that are kept already. */
export async function rememberNetworks(
  coordinator: Coordinator,
  caller: Caller,
  asked: readonly string[],
): Promise<void> {
  const { foreignNetworks } = installationSettings(coordinator.inventory);
  const names = new Set(asked.map((line) => splitName(line).theirs));
  const others = foreignNetworks.filter((line) => !names.has(splitName(line).theirs));
  const patch = { foreignNetworks: [...others, ...asked] };
  await updateInstallation(coordinator, caller, patch, { precondition: undefined, dryRun: false });
}
