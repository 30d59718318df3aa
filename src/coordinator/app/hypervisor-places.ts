/** Networks and storage pools of a hypervisor that others run, asked for by the extensions of its driver. */
import {
  hypervisorPlaces,
  type HypervisorNetwork,
  type HypervisorPlace,
  type HypervisorPool,
} from '#api';
import { Fault } from '#lib';
import type { Coordinator } from '../context.ts';
import type { HostDocument } from '../documents.ts';
import { notFound } from './not-found.ts';
import { requireConnected } from './settle-hosts.ts';

interface Items {
  readonly networks: HypervisorNetwork;
  readonly pools: HypervisorPool;
}

const ofAgents: Readonly<Record<HypervisorPlace, string>> = {
  networks: 'its networks are those of Gantry: gantry network list',
  pools: 'its disks are in its folders for vms: gantry host disks',
};

/** By name. Errors: `unsupported` for a host with an agent; `unavailable`; the hypervisor's own. */
export async function listHypervisorPlaces<P extends HypervisorPlace>(
  coordinator: Coordinator,
  hostId: string,
  place: P,
  signal: AbortSignal,
): Promise<{ items: Items[P][] }> {
  const { inventory, links } = coordinator;
  const host = inventory.document<HostDocument>('host', hostId);
  if (host === undefined) throw notFound('host', hostId);
  const { name, facts } = host.data;
  if (facts?.extensions?.some((one) => one.of === 'host' && one.name === place) !== true)
    throw new Fault('unsupported', `${name} is no hypervisor that others run`, {
      hint: ofAgents[place],
    });
  await requireConnected(coordinator, hostId, signal);
  const params = { name: place, argument: null };
  const { output } = await links.call(hostId, 'host.extension', params, { signal });
  const items = hypervisorPlaces[place].parse(JSON.parse(output)) as Items[P][];
  return { items: items.toSorted((one, other) => (one.name < other.name ? -1 : 1)) };
}
