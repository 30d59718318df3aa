/**
 * The addresses that a network has leased, as the hosts that serve it tell whenever they change (NET-25). Of a network
 * that spans hosts they are known also while its host is away.
 */
import { Fault, isoTime } from '#lib';
import type { HostLease, NetworkLeases } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, SpanDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { hostThing } from '../things.ts';
import { findNetwork } from './show-network.ts';

/** Errors: `not-found`. */
export function listLeases(
  { inventory, links, clock }: Coordinator,
  caller: Caller,
  reference: string,
): NetworkLeases {
  const { id } = findNetwork(inventory, reference);
  const now = isoTime(clock.now());
  const owners = ownersOfMacs(inventory);
  const items = [...leaseTables(inventory, id)].flatMap(([hostId, leases]) =>
    leases
      .filter(({ expiresAt }) => expiresAt > now)
      .map((lease) => {
        const owner = owners.get(lease.mac);
        const seen = owner !== undefined && caller.may('vm.view', { kind: 'vm', id: owner.id });
        const host = hostThing(inventory, hostId).name;
        return { ...lease, host, vm: seen ? owner : null };
      }),
  );
  items.sort((one, other) => (one.address < other.address ? -1 : 1));
  const away = [...hostsWithAdapters(inventory, id)].filter((host) => !links.connected(host));
  return { items, unreachable: away.map((host) => hostThing(inventory, host).name).sort() };
}

/** Errors: `not-found` for no such lease; `unavailable` where its host is away. */
export async function releaseLease(
  { inventory, links }: Coordinator,
  reference: string,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const { id, data } = findNetwork(inventory, reference);
  const [hostId] =
    [...leaseTables(inventory, id)].find(([, leases]) =>
      leases.some((lease) => lease.address === address),
    ) ?? [];
  if (hostId === undefined)
    throw new Fault('not-found', `network ${data.name} has not leased ${address}`, {
      hint: `look at: gantry network leases ${data.name}`,
    });
  await links.call(hostId, 'network.release', { id, address }, { signal });
}

/** What was leased in the network, by the host that serves it. */
export function leaseTables(
  inventory: Inventory,
  id: string,
): ReadonlyMap<string, readonly HostLease[]> {
  const told = inventory.networkLeases(id);
  const span = inventory.document<SpanDocument>('span', id)?.data;
  return told.size > 0 || span === undefined ? told : new Map([[span.host, span.leases]]);
}

function hostsWithAdapters(inventory: Inventory, network: string): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const { data } of inventory.documents<VmDocument>('vm')) {
    const isOn = data.definition.hardware.adapters.some(
      ({ attachment }) => attachment.kind === 'network' && attachment.network === network,
    );
    if (isOn && inventory.document<HostDocument>('host', data.hostId) !== undefined)
      hosts.add(data.hostId);
  }
  return hosts;
}

function ownersOfMacs(inventory: Inventory): Map<string, { id: string; name: string }> {
  const owners = new Map<string, { id: string; name: string }>();
  for (const { id, data } of inventory.documents<VmDocument>('vm'))
    for (const { mac } of data.definition.hardware.adapters)
      owners.set(mac, { id, name: data.definition.name });
  return owners;
}
