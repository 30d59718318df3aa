/** How hosts carry networks, as they have told: kept while they are connected. */
import { isDeepStrictEqual } from 'node:util';
import type { NetworkReport } from '#api';

const none: ReadonlyMap<string, NetworkReport> = new Map();

export class NetworkReports {
  /** By network, then by host. */
  readonly #reports = new Map<string, Map<string, NetworkReport>>();
  readonly #carried = new Map<string, ReadonlySet<string>>();

  /** Takes in all that a host carries; answers the networks that look different now. */
  set(hostId: string, reports: readonly NetworkReport[]): readonly string[] {
    const changed: string[] = [];
    const carried = new Set(reports.map(({ id }) => id));
    for (const id of this.carriedBy(hostId)) {
      if (carried.has(id)) continue;
      const hosts = this.#reports.get(id);
      hosts?.delete(hostId);
      if (hosts?.size === 0) this.#reports.delete(id);
      changed.push(id);
    }
    this.#carried.set(hostId, carried);
    for (const report of reports) {
      const hosts = this.#reports.get(report.id) ?? new Map<string, NetworkReport>();
      if (isDeepStrictEqual(hosts.get(hostId), report)) continue;
      hosts.set(hostId, report);
      this.#reports.set(report.id, hosts);
      changed.push(report.id);
    }
    return changed;
  }

  of(networkId: string): ReadonlyMap<string, NetworkReport> {
    return this.#reports.get(networkId) ?? none;
  }

  carriedBy(hostId: string): Iterable<string> {
    return this.#carried.get(hostId) ?? [];
  }
}
