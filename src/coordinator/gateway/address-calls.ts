/** Addresses of a domain's adapters: as the DHCP servers of its networks gave them, or as its guest's agent told them last. */
import { parseSubnet, type Vm } from '#api';
import type { Handlers, ReturnOf } from '#libvirt';
import type { NetworkDocument } from '../documents.ts';
import { adapterTarget } from '../domain-xml/domain-devices.ts';
import { requireActive, type Connection } from './connection.ts';

type Calls = Pick<Handlers, 'DOMAIN_INTERFACE_ADDRESSES'>;
type Interface = ReturnOf<'DOMAIN_INTERFACE_ADDRESSES'>['ifaces'][number];

/** VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE. */
const fromLeases = 0;
/** virIPAddrType. */
const ipv4 = 0;
const ipv6 = 1;

export function addressCalls(connection: Connection): Calls {
  return {
    DOMAIN_INTERFACE_ADDRESSES: async ({ dom, source }, { signal }) => {
      const vm = connection.find(dom.uuid);
      requireActive(vm);
      return {
        ifaces: source === fromLeases ? await leased(connection, vm, signal) : told(vm),
      };
    },
  };
}

/** Of adapters on networks of Gantry. Errors: those of the route for leases. */
async function leased(connection: Connection, vm: Vm, signal: AbortSignal): Promise<Interface[]> {
  const { desk, caller, coordinator } = connection.parts;
  const found: Interface[] = [];
  for (const adapter of vm.definition.hardware.adapters) {
    const { attachment, mac } = adapter;
    if (attachment.kind !== 'network') continue;
    const params = { network: attachment.network };
    const { items } = await desk.ask(caller, 'network.leases', { params }, signal);
    const network = coordinator.inventory.document<NetworkDocument>('network', attachment.network);
    const prefix = parseSubnet(network?.data.ipv4?.subnet ?? '')?.bits ?? 0;
    const addrs = items
      .filter((lease) => lease.mac === mac)
      .map(({ address }) => ({ type: ipv4, addr: address, prefix }));
    if (addrs.length > 0) found.push({ name: adapterTarget(adapter), hwaddr: mac, addrs });
  }
  return found;
}

function told({ status, definition }: Vm): Interface[] {
  return (status.guest?.interfaces ?? []).map(({ mac, addresses }) => {
    const adapter = definition.hardware.adapters.find((one) => one.mac === mac);
    return {
      name: adapter === undefined ? mac : adapterTarget(adapter),
      hwaddr: mac,
      addrs: addresses.map(({ address, prefixLength }) => ({
        type: address.includes(':') ? ipv6 : ipv4,
        addr: address,
        prefix: prefixLength,
      })),
    };
  });
}
