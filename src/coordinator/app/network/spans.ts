/**
 * Networks that one host serves for all, as the inventory knows them (those that span hosts, and bridged ones that
 * lease addresses): which hosts take part, which MAC addresses are
 * behind each, and what each of them is told of it (docs/rfd/0021). Pure reads.
 *
 * A host takes part while a vm that is defined on it has an adapter there, and as long as it carries the
 * network: what an agent still has is told away by its own report.
 */
import type { HostLease, SpanPeer, SpanStanding } from '#api';
import type { HostDocument, NetworkDocument, SpanDocument, VmDocument } from '../../documents.ts';
import type { Inventory, InventoryChange } from '../../inventory/inventory.ts';

/** Adapters by host. */
type Members = ReadonlyMap<string, SpanPeer['adapters']>;

/** Of every network that is served once. */
export function spanMembers(inventory: Inventory): ReadonlyMap<string, Members> {
  const ids = [...inventory.networksServedOnce()];
  return new Map(ids.map((id) => [id, membersOf(inventory, id)]));
}

function membersOf(inventory: Inventory, network: string): Members {
  const members = new Map<string, SpanPeer['adapters']>();
  for (const host of inventory.networkReports(network).keys()) members.set(host, []);
  for (const vm of inventory.vmsOnNetwork(network).keys()) {
    const known = inventory.document<VmDocument>('vm', vm)?.data;
    if (known === undefined) continue;
    const { hostId, definition } = known;
    const adapters = members.get(hostId) ?? [];
    for (const { attachment, mac } of definition.hardware.adapters)
      if (attachment.kind === 'network' && attachment.network === network)
        adapters.push({ mac, vmName: definition.name });
    members.set(hostId, adapters);
  }
  return members;
}

/** Whether a change may be one of who is where in networks that span hosts. */
export function concernsSpans(inventory: Inventory, things: InventoryChange['things']): boolean {
  if (inventory.networksServedOnce().size === 0) return false;
  const kinds: ReadonlySet<string> = new Set(['vm', 'host', 'network']);
  return things.some(({ kind, how }) => how !== 'sampled' && kinds.has(kind));
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
export function standingsOf(inventory: Inventory, hostId: string): SpanStanding[] {
  const hosts = (id: string): HostDocument | undefined =>
    inventory.document<HostDocument>('host', id)?.data;
  const own = hosts(hostId);
  if (own === undefined) return [];
  const served = inventory.networksServedOnce();
  const taken = [...inventory.networksOfHost(hostId)].filter((id) => served.has(id)).sort();
  return taken.map((network): SpanStanding => {
    const span = inventory.document<SpanDocument>('span', network)?.data;
    const members = membersOf(inventory, network);
    const peers = [...members].flatMap(([host, adapters]) => {
      const peer = host === hostId ? undefined : hosts(host);
      return peer === undefined
        ? []
        : [{ host, name: peer.name, address: spanAddress(peer), adapters }];
    });
    const leases: readonly HostLease[] = span?.host === hostId ? span.handed : [];
    return {
      network,
      address: spanAddress(own),
      peers,
      service: span?.host ?? null,
      term: span?.term ?? 0,
      leases: [...leases],
      leased: span?.host === hostId ? [] : leasedTo(inventory, network, members.get(hostId), span),
    };
  });
}

/**
 * Addresses that the host which serves has leased to these adapters of another one, which guards their senders. How long
 * they last is no part of it: a lease that is renewed tells nobody anything new.
 */
function leasedTo(
  inventory: Inventory,
  network: string,
  adapters: SpanPeer['adapters'] | undefined,
  span: SpanDocument | undefined,
): SpanStanding['leased'] {
  const guards = inventory.document<NetworkDocument>('network', network)?.data.ipSourceGuard;
  if (guards !== true) return [];
  const own = new Set(adapters?.map(({ mac }) => mac));
  return (span?.leases ?? [])
    .filter(({ mac }) => own.has(mac))
    .map(({ mac, address }) => ({ mac, address }))
    .sort((one, other) => (one.address < other.address ? -1 : 1));
}
