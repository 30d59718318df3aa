/** How networks that span hosts stand, as this host was told last. */
import { isServedOnce, type HostLease, type NetworkSpec, type SpanStanding } from '#api';
import { asCarried, partIn, type Part } from './carried.ts';
import type { KnownAdapter } from './service-config.ts';
import type { Spanning } from './tunnels.ts';

export class Standings {
  readonly #hostId: string;
  #byNetwork: ReadonlyMap<string, SpanStanding> = new Map();

  constructor(hostId: string) {
    this.#hostId = hostId;
  }

  get all(): readonly SpanStanding[] {
    return [...this.#byNetwork.values()];
  }

  take(spans: readonly SpanStanding[]): void {
    this.#byNetwork = new Map(spans.map((standing) => [standing.network, standing]));
  }

  partIn(network: NetworkSpec): Part {
    return partIn(this.#hostId, network, this.#byNetwork.get(network.id));
  }

  /** The network as this host carries it. */
  asCarried(network: NetworkSpec): NetworkSpec {
    return asCarried(network, this.partIn(network));
  }

  /** What the service begins its term on this host with. */
  handed(network: NetworkSpec): SpanStanding | undefined {
    return isServedOnce(network) ? this.#byNetwork.get(network.id) : undefined;
  }

  /** Undefined for a network without tunnels, and until it is told how it stands. */
  spanning(
    network: NetworkSpec,
    bridge: string | null,
    here: readonly KnownAdapter[],
  ): Spanning | undefined {
    const standing = this.#byNetwork.get(network.id);
    const { span } = network;
    if (span === null || standing === undefined || bridge === null) return undefined;
    const macs = new Set(here.map(({ mac }) => mac));
    return { network: { ...network, span }, standing, bridge, here: macs };
  }

  /** What adapters of this host were leased by the service of another one, as far as that is needed here. */
  leased(network: string): SpanStanding['leased'] {
    return this.#byNetwork.get(network)?.leased ?? [];
  }

  /** What its service began its term on this host with. */
  leases(network: string): readonly HostLease[] {
    return this.#byNetwork.get(network)?.leases ?? [];
  }

  /** Adapters of vms of other hosts. */
  elsewhere(network: string): readonly KnownAdapter[] {
    return this.#byNetwork.get(network)?.peers.flatMap(({ adapters }) => adapters) ?? [];
  }
}
