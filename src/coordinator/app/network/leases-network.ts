/** The addresses that a network has leased, asked of every host that carries it (NET-25). */
import { isoTime } from '#lib';
import type { NetworkLeases } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { findNetwork } from './show-network.ts';

const askMs = 5_000;

/** Errors: `not-found`. */
export async function listLeases(
  { inventory, links, clock }: Coordinator,
  caller: Caller,
  reference: string,
  signal: AbortSignal,
): Promise<NetworkLeases> {
  const { id } = findNetwork(inventory, reference);
  const now = isoTime(clock.now());
  const owners = ownersOfMacs(inventory);
  const items: NetworkLeases['items'] = [];
  const unreachable: string[] = [];
  const ask = async (hostId: string): Promise<void> => {
    const host = inventory.document<HostDocument>('host', hostId)?.data.name ?? hostId;
    try {
      const { leases } = await links.call(
        hostId,
        'network.leases',
        { id },
        { signal, limitMs: askMs },
      );
      for (const lease of leases) {
        if (lease.expiresAt <= now) continue;
        const owner = owners.get(lease.mac);
        const seen = owner !== undefined && caller.may('vm.view', { kind: 'vm', id: owner.id });
        items.push({ ...lease, host, vm: seen ? owner : null });
      }
    } catch (error) {
      signal.throwIfAborted();
      void error;
      unreachable.push(host);
    }
  };
  await Promise.all([...inventory.networkReports(id).keys()].map(ask));
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
