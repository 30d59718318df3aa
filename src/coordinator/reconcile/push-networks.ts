/** Tells hosts of networks that they do not know of yet: they were away when those changed, or vms came and went. */
import type { HostNetworks } from '../app/network/host-networks.ts';
import type { Coordinator } from '../context.ts';
import type { Reconciler } from './loop.ts';

export function pushNetworks(
  { inventory }: Pick<Coordinator, 'inventory'>,
  networks: HostNetworks,
): Reconciler {
  return {
    name: 'push-networks',
    everyMs: 15_000,
    async run() {
      // A host that is slow to answer keeps no other one waiting.
      for (const { id } of inventory.documents('host')) void networks.tell(id);
    },
  };
}
