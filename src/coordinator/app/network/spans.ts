/**
 * Networks that one host serves for all, as the inventory knows them (those that span hosts, and bridged ones that
 * lease addresses): which hosts take part, which MAC addresses are
 * behind each, and what each of them is told of it (docs/rfd/0021). Pure reads.
 *
 * A host takes part while a vm that is defined on it has an adapter there, and as long as it carries the
 * network: what an agent still has is told away by its own report.
 */
import { isServedOnce, type HostLease, type SpanPeer, type SpanStanding } from '#api';
import type { HostDocument, NetworkDocument, SpanDocument, VmDocument } from '../../documents.ts';
import type { Inventory, InventoryChange } from '../../inventory/inventory.ts';

/** Adapters by host. */
type Members = ReadonlyMap<string, SpanPeer['adapters']>;

/** Of every network that is served once. */
export function spanMembers(inventory: Inventory): ReadonlyMap<string, Members> {
  const members = new Map<string, Map<string, SpanPeer['adapters']>>();
  for (const { id, data } of inventory.documents<NetworkDocument>('network'))
    if (isServedOnce(data)) {
      const carriers = [...inventory.networkReports(id).keys()];
      members.set(id, new Map(carriers.map((host) => [host, []])));
    }
  if (members.size === 0) return members;
  for (const { data } of inventory.documents<VmDocument>('vm'))
    for (const { attachment, mac } of data.definition.hardware.adapters) {
      if (attachment.kind !== 'network') continue;
      const hosts = members.get(attachment.network);
      if (hosts === undefined) continue;
      const adapters = hosts.get(data.hostId) ?? [];
      adapters.push({ mac, vmName: data.definition.name });
      hosts.set(data.hostId, adapters);
    }
  return members;
}

/** Whether a change may be one of who is where in networks that span hosts. */
export function concernsSpans(inventory: Inventory, things: InventoryChange['things']): boolean {
  const kinds: ReadonlySet<string> = new Set(['vm', 'host', 'network']);
  if (!things.some(({ kind, how }) => how !== 'sampled' && kinds.has(kind))) return false;
  const networks = [...inventory.documents<NetworkDocument>('network')];
  return networks.some(({ data }) => isServedOnce(data));
}

/** Of a host, for tunnels: as it is set, as its agent comes, or the only one that it has. */
export function spanAddress({ settings, address, facts }: HostDocument): string | null {
  const own = settings.spanAddress ?? null;
  if (own !== null) return own;
  if (isTunnelAddress(address)) return address;
  const all = (facts?.interfaces ?? [])
    .flatMap(({ addresses }) => addresses.map((text) => text.split('/')[0]))
    .filter(isTunnelAddress);
  return all.length === 1 ? (all[0] ?? null) : null;
}

/** One of IPv4 that others can send to. */
function isTunnelAddress(address: string | null | undefined): address is string {
  return /^\d+(\.\d+){3}$/.test(address ?? '') && !/^(127|0|169\.254)\./.test(address ?? '');
}

/** What the host is told. */
export function standingsOf(
  inventory: Inventory,
  members: ReadonlyMap<string, Members>,
  hostId: string,
): SpanStanding[] {
  const hosts = (id: string): HostDocument | undefined =>
    inventory.document<HostDocument>('host', id)?.data;
  const own = hosts(hostId);
  if (own === undefined) return [];
  return [...members].flatMap(([network, all]): SpanStanding[] => {
    if (!all.has(hostId)) return [];
    const span = inventory.document<SpanDocument>('span', network)?.data;
    const peers = [...all].flatMap(([host, adapters]) => {
      const peer = host === hostId ? undefined : hosts(host);
      return peer === undefined
        ? []
        : [{ host, name: peer.name, address: spanAddress(peer), adapters }];
    });
    const leases: readonly HostLease[] = span?.host === hostId ? span.handed : [];
    return [
      {
        network,
        address: spanAddress(own),
        peers,
        service: span?.host ?? null,
        term: span?.term ?? 0,
        leases: [...leases],
      },
    ];
  });
}
