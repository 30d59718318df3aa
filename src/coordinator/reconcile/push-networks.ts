/** Tells hosts of networks that they do not know of yet: they were away when those changed. */
import { describeFault } from '#lib';
import { networkSpecs } from '../app/network/tell-hosts.ts';
import type { Coordinator } from '../context.ts';
import type { Reconciler } from './loop.ts';

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
  return {
    name: 'push-networks',
    everyMs: 15_000,
    forget: (hostId) => void told.delete(hostId),
    async run(signal) {
      const networks = networkSpecs(inventory);
      const all = JSON.stringify(networks);
      for (const { id } of inventory.documents('host')) {
        if (signal.aborted) return;
        if (!links.connected(id) || told.get(id) === all) continue;
        try {
          await links.call(id, 'network.configure', { networks }, { signal });
          told.set(id, all);
        } catch (error) {
          log.warn({ host: id, why: describeFault(error) }, 'a host is not told of its networks');
        }
      }
    },
  };
}
