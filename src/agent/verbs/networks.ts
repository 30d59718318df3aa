/** Networks: those that concern this host, and an address that is leased no more. */
import { maxHostNetworks, type NetworkSpec } from '#api';
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type NetworkVerbs = Pick<Handlers, 'network.configure' | 'network.release' | 'network.ports'>;

export function networkVerbs({ driver: { networks } }: Host): NetworkVerbs {
  /** Parts that wait for the others. */
  let begun: readonly NetworkSpec[] = [];
  return {
    async 'network.configure'({ networks: some, spans, others, part }) {
      const all = part.number === 1 ? some : [...begun, ...some];
      if (all.length > maxHostNetworks) {
        begun = [];
        throw new Fault('exhausted', `a host is told of ${maxHostNetworks} networks at most`);
      }
      begun = part.number < part.of ? all : [];
      if (part.number === part.of) await networks.configure(all, spans, others);
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
