/** The handlers of the routes of networks. No logic. */
import type { RouteName } from '#api';
import { createNetwork, deleteNetwork, updateNetwork } from '../app/network/change-network.ts';
import { checkIdentity } from '../app/network/identity-network.ts';
import { listLeases, releaseLease } from '../app/network/leases-network.ts';
import { listPorts } from '../app/network/ports-network.ts';
import { findNetwork, listNetworks, showNetwork } from '../app/network/show-network.ts';
import type { Coordinator } from '../context.ts';
import type { Handlers } from './route-handler.ts';

type NetworkRoute = Extract<RouteName, `network.${string}`>;

export function networkHandlers(coordinator: Coordinator): Pick<Handlers, NetworkRoute> {
  const { inventory } = coordinator;
  return {
    'network.list': ({ query }) => {
      const page = listNetworks(inventory, query);
      return { ...page, items: [...page.items] };
    },
    'network.export': ({ params }) => ({
      gantry: 'network',
      format: 1,
      definition: findNetwork(inventory, params.network).data,
    }),
    'network.show': ({ params }) => showNetwork(inventory, findNetwork(inventory, params.network)),
    'network.create': ({ caller, body, query }) => createNetwork(coordinator, caller, body, query),
    'network.update': ({ caller, params, body, precondition, query }) =>
      updateNetwork(coordinator, caller, params.network, body, {
        precondition,
        ...query,
      }),
    'network.delete': ({ caller, params, precondition, query }) =>
      deleteNetwork(coordinator, caller, params.network, { precondition, ...query }),
    'network.identity': ({ caller, params }) => checkIdentity(coordinator, caller, params.network),
    'network.leases': ({ caller, params }) => listLeases(coordinator, caller, params.network),
    'network.release': ({ params, signal }) =>
      releaseLease(coordinator, params.network, params.address, signal),
    'network.ports': ({ caller, params, signal }) =>
      listPorts(coordinator, caller, params.network, signal),
  };
}
