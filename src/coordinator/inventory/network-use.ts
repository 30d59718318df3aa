/** Which vms are on which networks by their definitions, and which networks are served once: kept as documents change. */
import { isServedOnce } from '#api';
import type { NetworkDocument, VmDocument } from '../documents.ts';

const noVms: ReadonlyMap<string, number> = new Map();

export class NetworkUse {
  /** By network: how many adapters of each vm. */
  readonly #vms = new Map<string, Map<string, number>>();
  /** By host: how many adapters of vms there on each network. */
  readonly #networks = new Map<string, Map<string, number>>();
  readonly servedOnce = new Set<string>();

  /** How many adapters each vm has on the network. */
  vmsOn(network: string): ReadonlyMap<string, number> {
    return this.#vms.get(network) ?? noVms;
  }

  networksOf(hostId: string): Iterable<string> {
    return this.#networks.get(hostId)?.keys() ?? [];
  }

  changeVm(id: string, before: VmDocument | undefined, after: VmDocument | undefined): void {
    for (const network of networksOf(before)) {
      count(this.#vms, network, id, -1);
      count(this.#networks, before?.hostId ?? '', network, -1);
    }
    for (const network of networksOf(after)) {
      count(this.#vms, network, id, 1);
      count(this.#networks, after?.hostId ?? '', network, 1);
    }
  }

  changeNetwork(id: string, after: NetworkDocument | undefined): void {
    if (after !== undefined && isServedOnce(after)) this.servedOnce.add(id);
    else this.servedOnce.delete(id);
  }
}

/** Each once for each adapter on it. */
export function networksOf(vm: VmDocument | undefined): readonly string[] {
  return (vm?.definition.hardware.adapters ?? []).flatMap(({ attachment }) =>
    attachment.kind === 'network' ? [attachment.network] : [],
  );
}

function count(
  all: Map<string, Map<string, number>>,
  key: string,
  thing: string,
  difference: 1 | -1,
): void {
  const counts = all.get(key) ?? new Map<string, number>();
  const now = (counts.get(thing) ?? 0) + difference;
  if (now > 0) counts.set(thing, now);
  else counts.delete(thing);
  if (counts.size > 0) all.set(key, counts);
  else all.delete(key);
}
