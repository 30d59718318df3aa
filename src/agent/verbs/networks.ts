/** Networks: what there is, and an address that is leased no more. */
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type NetworkVerbs = Pick<Handlers, 'network.configure' | 'network.release' | 'network.ports'>;

export function networkVerbs({ driver: { networks } }: Host): NetworkVerbs {
  return {
    async 'network.configure'({ networks: all, spans }) {
      await networks.configure(all, spans);
      return {};
    },
    async 'network.release'({ id, address }) {
      await networks.release(id, address);
      return {};
    },
    async 'network.ports'({ id }) {
      return { ports: [...(await networks.ports(id))] };
    },
  };
}
