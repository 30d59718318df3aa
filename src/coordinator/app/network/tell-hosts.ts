/**
 * All networks on their way to a host: the whole set, since it is small and a whole set cannot be half told.
 * With it goes how those stand that span hosts and that it takes part in. Hosts that do not answer get it
 * when they are back (reconcile/push-networks.ts).
 */
import { describeFault } from '#lib';
import type { LinkParams, NetworkSpec } from '#api';
import type { CallOptions, Coordinator } from '../../context.ts';
import type { NetworkDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { spanMembers, standingsOf } from './spans.ts';

/** How long a change of a network waits for hosts, so that a vm that is started next finds it there. */
const tellMs = 5_000;

function networkSpecs(inventory: Inventory): NetworkSpec[] {
  return Array.from(inventory.documents<NetworkDocument>('network'), ({ id, data }) => ({
    id,
    ...data,
  }));
}

/** What each host is told now. */
export function networksToTell(
  inventory: Inventory,
): (hostId: string) => LinkParams<'network.configure'> {
  const networks = networkSpecs(inventory);
  const members = spanMembers(inventory);
  return (hostId) => ({ networks, spans: standingsOf(inventory, members, hostId) });
}

type Told = Pick<Coordinator, 'inventory' | 'links' | 'log'>;

/** Tells every host that is connected. Never fails: a host that was not told is told again. */
export async function tellHosts({ inventory, links, log }: Told): Promise<void> {
  const toTell = networksToTell(inventory);
  const options: CallOptions = { limitMs: tellMs };
  const tell = async (hostId: string): Promise<void> => {
    try {
      await links.call(hostId, 'network.configure', toTell(hostId), options);
    } catch (error) {
      log.warn({ host: hostId, why: describeFault(error) }, 'a host was not told of its networks');
    }
  };
  const hosts = [...inventory.documents('host')].filter(({ id }) => links.connected(id));
  await Promise.all(hosts.map(({ id }) => tell(id)));
}
