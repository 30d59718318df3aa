/** Tells hosts of networks that they do not know of yet: they were away when those changed, or vms came and went. */
import { describeFault } from '#lib';
import type { LinkParams } from '#api';
import { networksToTell } from '../app/network/tell-hosts.ts';
import type { Coordinator } from '../context.ts';
import type { Reconciler } from './loop.ts';

const tellMs = 10_000;

export interface NetworkPusher extends Reconciler {
  /** The host may have forgotten what it was told. */
  forget(hostId: string): void;
}

export function pushNetworks({
  inventory,
  links,
  log,
}: Pick<Coordinator, 'inventory' | 'links' | 'log'>): NetworkPusher {
  /** By host: what it was told last. */
  const told = new Map<string, string>();
  /** A host that is slow to answer keeps no other one waiting; when it has, it is told what is then. */
  const busy = new Set<string>();
  const tell = async (
    id: string,
    first: LinkParams<'network.configure'>,
    signal: AbortSignal,
  ): Promise<void> => {
    busy.add(id);
    try {
      for (let params = first; ; params = networksToTell(inventory)(id)) {
        const text = JSON.stringify(params);
        if (told.get(id) === text) return;
        await links.call(id, 'network.configure', params, { signal, limitMs: tellMs });
        told.set(id, text);
      }
    } catch (error) {
      log.warn({ host: id, why: describeFault(error) }, 'a host is not told of its networks');
    } finally {
      busy.delete(id);
    }
  };
  return {
    name: 'push-networks',
    everyMs: 15_000,
    forget: (hostId) => void told.delete(hostId),
    async run(signal) {
      const toTell = networksToTell(inventory);
      for (const { id } of inventory.documents('host'))
        if (links.connected(id) && !busy.has(id)) void tell(id, toTell(id), signal);
    },
  };
}
