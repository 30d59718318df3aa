/** Networks: what there is, and what they have leased. */
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type NetworkVerbs = Pick<Handlers, 'network.configure' | 'network.leases' | 'network.ports'>;

export function networkVerbs({ driver: { networks } }: Host): NetworkVerbs {
  return {
    async 'network.configure'({ networks: all, spans }) {
      await networks.configure(all, spans);
      return {};
    },
    async 'network.leases'({ id }) {
      return { leases: [...(await networks.leases(id))] };
    },
    async 'network.ports'({ id }) {
      return { ports: [...(await networks.ports(id))] };
    },
  };
}
