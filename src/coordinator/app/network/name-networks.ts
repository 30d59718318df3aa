/**
 * Networks in definitions. People name them; a definition keeps the id, so that a network may be renamed.
 * One that a definition had already and that is gone stays named: the start check tells it.
 */
import type { VmDefinition } from '#api';
import type { Inventory } from '../../inventory/inventory.ts';
import { findNetwork } from './show-network.ts';

/** Errors: `not-found` for a network that is named anew and does not exist. */
export function nameNetworks(
  inventory: Inventory,
  definition: VmDefinition,
  before?: VmDefinition,
): VmDefinition {
  const known = new Set(
    before?.hardware.adapters.map(({ attachment }) =>
      attachment.kind === 'network' ? attachment.network : undefined,
    ),
  );
  const adapters = definition.hardware.adapters.map((adapter) => {
    const { attachment } = adapter;
    if (attachment.kind !== 'network' || known.has(attachment.network)) return adapter;
    const { id } = findNetwork(inventory, attachment.network);
    return { ...adapter, attachment: { kind: 'network' as const, network: id } };
  });
  return { ...definition, hardware: { ...definition.hardware, adapters } };
}
