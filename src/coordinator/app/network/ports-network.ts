/** The ports of a network, asked of every host that carries it (NET-43). */
import type { NetworkPorts } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { PortNumbersDocument, VmDocument } from '../../documents.ts';
import { isSamePort } from '../../inventory/port-numbers.ts';
import { askHosts } from './ask-hosts.ts';
import { findNetwork } from './show-network.ts';

/** Those of vms that the caller may see. Errors: `not-found`. */
export async function listPorts(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  signal: AbortSignal,
): Promise<NetworkPorts> {
  const { inventory, links } = coordinator;
  const { id } = findNetwork(inventory, reference);
  const { answers, unreachable } = await askHosts(coordinator, id, signal, (hostId, options) =>
    links.call(hostId, 'network.ports', { id }, options),
  );
  const items = answers.flatMap(({ host, answer }) =>
    answer.ports.flatMap((port) => {
      const vm = inventory.document<VmDocument>('vm', port.vm);
      if (vm === undefined || !caller.may('vm.view', { kind: 'vm', id: vm.id })) return [];
      const numbered = inventory
        .document<PortNumbersDocument>('port-numbers', vm.id)
        ?.data.ports.find((known) => isSamePort(known, { slot: port.slot, network: id }));
      const { name } = vm.data.definition;
      return [{ ...port, number: numbered?.number ?? null, vm: { id: vm.id, name }, host }];
    }),
  );
  items.sort((one, other) => (one.vm.name < other.vm.name ? -1 : 1));
  return { items, unreachable };
}
