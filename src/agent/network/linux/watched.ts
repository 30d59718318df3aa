/** What is looked at in each network, out of what is carried: pure. */
import type { HostLease } from '#api';
import { isoTime, systemClock } from '#lib';
import type { Watched } from './judge-sightings.ts';
import { macOf } from './names.ts';
import { hostAddress } from './plan.ts';
import type { RuledNetwork, RuledPort } from './ruleset.ts';
import type { KnownAdapter } from './service-config.ts';

interface Knowledge {
  adapters(network: string): readonly KnownAdapter[];
  leases(network: string): readonly HostLease[];
}

export function watchedNetworks(
  networks: readonly RuledNetwork[],
  ports: readonly RuledPort[],
  known: Knowledge,
): readonly Watched[] {
  const now = isoTime(systemClock.now());
  return networks.map(({ network, members }) => {
    const { id, ipv4, reservations } = network;
    const taps = ports.filter((port) => port.network === id).map(({ tap }) => tap);
    const others = new Set(ports.filter((port) => port.network !== id).map(({ tap }) => tap));
    const owners = new Map<string, string>();
    for (const { address, mac, expiresAt } of known.leases(id))
      if (expiresAt > now) owners.set(address, mac);
    for (const { address, mac } of reservations) owners.set(address, mac);
    const host = hostAddress(network);
    if (host !== undefined) owners.set(host.slice(0, host.indexOf('/')), macOf('network', id));
    if (ipv4 !== null && ipv4.service !== null) owners.set(ipv4.service, macOf('service', id));
    return {
      id,
      // Networks at one adapter of the host share a bridge.
      interfaces: new Set([...members.filter((name) => !others.has(name)), ...taps]),
      vms: new Map(known.adapters(id).map(({ mac, vmName }) => [mac, vmName])),
      owners,
    };
  });
}
