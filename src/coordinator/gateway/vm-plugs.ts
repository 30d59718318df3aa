/** The networks that adapters of a vm can be plugged into, as a connection calls them (networks.ts). */
import type { HostDocument } from '../documents.ts';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import type { Connection } from './connection.ts';
import type { Plugs } from './define/plugs.ts';
import { isOfOneHypervisor } from './hypervisors.ts';

export function plugsOn(connection: Connection, hostId: string): Plugs {
  const { inventory } = connection.parts.coordinator;
  const behind = `@${nameOf(connection, hostId)}`;
  const theirName = (shown: string): string =>
    shown.length > behind.length && shown.endsWith(behind) ? shown.slice(0, -behind.length) : shown;
  return {
    networkName: (id) => connection.networkName(id),
    theirName: isForeignHost(inventory, hostId) ? theirName : undefined,
  };
}

/** The other way round: what its hypervisor calls `name`. */
export function shownNetworkName(connection: Connection, hostId: string, name: string): string {
  return isOfOneHypervisor(connection) ? name : `${name}@${nameOf(connection, hostId)}`;
}

function nameOf(connection: Connection, hostId: string): string {
  const { inventory } = connection.parts.coordinator;
  return inventory.document<HostDocument>('host', hostId)?.data.name ?? hostId;
}
