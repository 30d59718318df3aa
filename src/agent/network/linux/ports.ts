/** Cables from machines of this host, and what is asked for at each: pure, out of their adapters. */
import { guardsDhcp, type Adapter, type HostLease, type NetworkSpec } from '#api';
import type { Limits } from './limit-keeper.ts';
import type { Link } from './links.ts';
import { readAlias } from './names.ts';
import type { NetworkPlan } from './plan.ts';
import type { RuledNetwork, RuledPort } from './ruleset.ts';
import type { ToldNetworks } from './told.ts';

/** A cable from a machine, and the network it leads to, or none. */
export interface Port {
  readonly vm: string;
  readonly network: string | null;
  readonly adapter: Adapter;
}

/** One that is there on this host. */
export interface TappedPort extends Port {
  readonly tap: string;
}

export const portKey = (vm: string, slot: number): string => `${vm}/${slot}`;

export function portOf(vm: string, adapter: Adapter): Port {
  const { attachment } = adapter;
  const network = attachment.kind === 'network' ? attachment.network : null;
  return { vm, network, adapter };
}

/** Those whose taps are there. */
export function tappedPorts(
  hostId: string,
  ports: ReadonlyMap<string, Port>,
  links: readonly Link[],
): readonly TappedPort[] {
  return links.flatMap(({ name, alias }) => {
    const purpose = readAlias(hostId, alias);
    if (purpose?.kind !== 'adapter') return [];
    const port = ports.get(portKey(purpose.vm, purpose.slot));
    return port === undefined ? [] : [{ ...port, tap: name }];
  });
}

export function ruledNetworks(
  plans: ReadonlyMap<NetworkSpec, NetworkPlan>,
  links: readonly Link[],
): readonly RuledNetwork[] {
  return [...plans].flatMap(([network, { bridge }]) => {
    if (bridge === null) return [];
    const members = links.filter(({ master }) => master === bridge).map(({ name }) => name);
    return [{ network, bridge, members: members.sort() }];
  });
}

export function ruledPorts(
  tapped: readonly TappedPort[],
  { known, standings }: Pick<ToldNetworks, 'known' | 'standings'>,
  leasesOf: (network: string) => readonly HostLease[],
): readonly RuledPort[] {
  return tapped.map(({ tap, network, adapter }) => {
    const { mac, priority, firewall } = adapter;
    const spec = network === null ? undefined : known.get(network);
    return {
      tap,
      mac,
      network,
      priority,
      firewall,
      guarded: {
        mac: spec?.forgedAddresses === true ? 'any' : 'own',
        dhcp: spec !== undefined && guardsDhcp(spec) ? 'clients-only' : 'any',
        addresses:
          spec?.ipSourceGuard === true
            ? ownAddresses(adapter, [
                ...spec.reservations,
                ...leasesOf(spec.id),
                ...standings.leased(spec.id),
              ])
            : 'any',
        // Within other networks guests may have VLANs of their own; here they would come into those of others.
        vlans: spec?.type === 'bridged' ? adapter.vlans : 'any',
      },
    };
  });
}

/** Of leased and kept addresses those of the adapter, and those that stand at it. */
function ownAddresses(
  { mac, addresses }: Adapter,
  given: readonly Pick<HostLease, 'mac' | 'address'>[],
): readonly string[] {
  const own = given.filter((one) => one.mac === mac).map(({ address }) => address);
  return [...new Set([...own, ...addresses])];
}

export function limitsOf(
  tapped: readonly TappedPort[],
  plans: ReadonlyMap<NetworkSpec, NetworkPlan>,
): Limits {
  const ports = tapped.map(({ vm, tap, adapter: { slot, bandwidth } }) => ({
    vm,
    slot,
    tap,
    bandwidth,
  }));
  const uplinks = [...plans].flatMap(([{ id, adapter, vlan }, { bridge }]) => {
    const asks = tapped.some((one) => one.network === id && one.adapter.priority !== 'normal');
    // A bridge of the host that is taken as it is stays as it is.
    const isOwn = adapter !== null && vlan === null && bridge !== null && bridge !== adapter;
    return isOwn && asks ? [adapter] : [];
  });
  return { ports, uplinks: new Set(uplinks) };
}
