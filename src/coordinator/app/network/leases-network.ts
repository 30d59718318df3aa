/** The addresses that a network has leased, asked of every host that carries it (NET-25). */
import { isoTime } from '#lib';
import type { NetworkLeases } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { askHosts } from './ask-hosts.ts';
import { findNetwork } from './show-network.ts';

/** Errors: `not-found`. */
export async function listLeases(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  signal: AbortSignal,
): Promise<NetworkLeases> {
  const { inventory, links } = coordinator;
  const { id } = findNetwork(inventory, reference);
  const now = isoTime(coordinator.clock.now());
  const owners = ownersOfMacs(inventory);
  const { answers, unreachable } = await askHosts(coordinator, id, signal, (hostId, options) =>
    links.call(hostId, 'network.leases', { id }, options),
  );
  const items: NetworkLeases['items'] = [];
  for (const { host, answer } of answers)
    for (const lease of answer.leases) {
      if (lease.expiresAt <= now) continue;
      const owner = owners.get(lease.mac);
      const seen = owner !== undefined && caller.may('vm.view', { kind: 'vm', id: owner.id });
      items.push({ ...lease, host, vm: seen ? owner : null });
    }
  items.sort((one, other) => (one.address < other.address ? -1 : 1));
  return { items, unreachable };
}

function ownersOfMacs(inventory: Inventory): Map<string, { id: string; name: string }> {
  const owners = new Map<string, { id: string; name: string }>();
  for (const { id, data } of inventory.documents<VmDocument>('vm'))
    for (const { mac } of data.definition.hardware.adapters)
      owners.set(mac, { id, name: data.definition.name });
  return owners;
}
