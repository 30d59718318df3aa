/** What services of networks have leased, as hosts have told: kept while they are connected. */
import type { HostLease } from '#api';

const none: ReadonlyMap<string, readonly HostLease[]> = new Map();

export class NetworkLeases {
  /** By network, then by host. */
  readonly #tables = new Map<string, Map<string, readonly HostLease[]>>();

  set(hostId: string, network: string, leases: readonly HostLease[]): void {
    const hosts = this.#tables.get(network) ?? new Map<string, readonly HostLease[]>();
    hosts.set(hostId, leases);
    this.#tables.set(network, hosts);
  }

  /** A host that carries these networks and no others has no leases of others. */
  keepOnly(hostId: string, carried: ReadonlySet<string>): void {
    for (const [network, hosts] of this.#tables) {
      if (carried.has(network)) continue;
      hosts.delete(hostId);
      if (hosts.size === 0) this.#tables.delete(network);
    }
  }

  of(network: string): ReadonlyMap<string, readonly HostLease[]> {
    return this.#tables.get(network) ?? none;
  }
}
