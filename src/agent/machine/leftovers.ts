/**
 * What is left of a copy or a move that was cut off. The record says which files it had begun to make, or once
 * it had taken effect, which old ones were to go; either way they go now, and the files that the record
 * speaks of are whole.
 */
import type { Hands } from './hands.ts';
import { tidyLayers } from './layers/change-layers.ts';

export async function removeLeftovers(hands: Hands): Promise<void> {
  const { file, host } = hands;
  const { travel } = host.driver.storage;
  if (file.leftovers.length === 0 || travel === undefined) return;
  // A copy that was taken in before the end is a machine of its own.
  const folders = new Set(host.others(file.definition.id).map(({ folder }) => folder));
  await host.driver.storage.writeDefinition(file);
  if (file.layers.tops.length > 0) await tidyLayers(hands);
  if (file.savedFile !== null) await travel.reconcileSaved(file);
  await travel.remove(file.leftovers.filter((path) => !folders.has(path)));
  hands.set({ leftovers: [] });
}
