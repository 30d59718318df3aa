/** The networks that a host is usually wanted to have (docs/rfd/0017): an internal one, and a bridged one for each of its adapters. Pure. */
import type { HostAdapter } from './adapter.ts';
import type { Network, NetworkCreate } from './network.ts';

const internalName = 'internal';

export interface PlannedNetworks {
  readonly create: readonly Pick<NetworkCreate, 'name' | 'type' | 'adapter'>[];
  /** Adapters with addresses of the host: no vm can be on their networks until host and networks share them. */
  readonly toShare: readonly string[];
}

/** Pure. A network is for all hosts, so that two hosts which both have an `eno1` have one network at it. */
export function planForHost(
  adapters: readonly Pick<HostAdapter, 'name' | 'use' | 'addresses'>[],
  networks: readonly Pick<Network, 'name' | 'type' | 'adapter' | 'vlan'>[],
): PlannedNetworks {
  const taken = new Set(networks.map(({ name }) => name));
  const served = new Set(networks.flatMap(({ adapter, vlan }) => (vlan === null ? adapter : null)));
  const freeName = (name: string): string => (taken.has(name) ? `${name}-external` : name);
  const usable = adapters.filter(({ use }) => use !== 'host');
  const bridged = usable
    .filter(({ name }) => !served.has(name))
    .map(({ name }) => ({ name: freeName(name), type: 'bridged' as const, adapter: name }));
  const hasInternal = networks.some(({ type }) => type === 'internal');
  return {
    create: [
      ...(hasInternal
        ? []
        : [{ name: freeName(internalName), type: 'internal' as const, adapter: null }]),
      ...bridged,
    ],
    toShare: usable
      .filter(({ use, addresses }) => use === 'any' && addresses.length > 0)
      .map(({ name }) => name),
  };
}
