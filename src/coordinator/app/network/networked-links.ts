/** Links by which a host hears of networks before it is asked for a vm that is on them. */
import type { Adapter, LinkMethod, LinkParams, LinkResult, VmDefinition } from '#api';
import type { CallOptions, Links } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { HostNetworks } from './host-networks.ts';

export function networkedLinks(
  links: Links,
  networks: Pick<HostNetworks, 'introduce'>,
  inventory: Inventory,
): Links {
  return {
    connected: (hostId) => links.connected(hostId),
    whenSettled: (hostId, signal) => links.whenSettled(hostId, signal),
    async call<M extends LinkMethod>(
      hostId: string,
      method: M,
      params: LinkParams<M>,
      options?: CallOptions,
    ): Promise<LinkResult<M>> {
      await networks.introduce(hostId, namedNetworks(inventory, params));
      return links.call(hostId, method, params, options);
    },
  };
}

/** By which calls name vms and what of them is on networks; the same words in all (src/api/link/methods.ts). */
interface Naming {
  readonly id?: string;
  readonly definition?: VmDefinition;
  readonly adapter?: Adapter;
}

function namedNetworks(inventory: Inventory, params: object): readonly string[] {
  const { id, definition, adapter } = params as Naming;
  const known =
    id === undefined ? undefined : inventory.document<VmDocument>('vm', id)?.data.definition;
  return [
    ...(known?.hardware.adapters ?? []),
    ...(definition?.hardware.adapters ?? []),
    ...(adapter === undefined ? [] : [adapter]),
  ].flatMap(({ attachment }) => (attachment.kind === 'network' ? [attachment.network] : []));
}
