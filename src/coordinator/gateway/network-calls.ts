/** Networks for libvirt's clients: listed, described (libvirt's "Network XML format"), with their leases. */
import { z } from 'zod';
import { parseSubnet } from '#api';
import { libvirtFault, type Handlers, type NetworkHandle } from '#libvirt';
import { showNetwork } from '../app/network/show-network.ts';
import type { Connection } from './connection.ts';
import {
  handleOfNetwork,
  type Networks,
  type Network,
  type OwnNetwork,
  type TheirNetwork,
} from './networks.ts';
import { writeNetworkXml } from './own-network-xml.ts';
import { renamed } from './renamed.ts';

type Calls = Pick<
  Handlers,
  | 'CONNECT_LIST_ALL_NETWORKS'
  | 'CONNECT_NUM_OF_NETWORKS'
  | 'CONNECT_LIST_NETWORKS'
  | 'CONNECT_NUM_OF_DEFINED_NETWORKS'
  | 'CONNECT_LIST_DEFINED_NETWORKS'
  | 'NETWORK_LOOKUP_BY_NAME'
  | 'NETWORK_LOOKUP_BY_UUID'
  | 'NETWORK_GET_XML_DESC'
  | 'NETWORK_GET_BRIDGE_NAME'
  | 'NETWORK_GET_AUTOSTART'
  | 'NETWORK_IS_ACTIVE'
  | 'NETWORK_IS_PERSISTENT'
  | 'NETWORK_GET_DHCP_LEASES'
  | 'NETWORK_LIST_ALL_PORTS'
>;

/** virConnectListAllNetworksFlags: active 2, inactive 1; persistent 4, transient 8; started by themselves 16, not 32. */
const flagPairs = [
  { has: 2, lacks: 1, of: (one: Network) => one.isActive },
  { has: 4, lacks: 8, of: (one: Network) => one.isPersistent },
  { has: 16, lacks: 32, of: (one: Network) => one.startsByItself },
] as const;
/** virIPAddrType. */
const ipv4 = 0;

type Lease = z.infer<typeof leaseSchema>;

export function networkCalls(connection: Connection, networks: Networks): Calls {
  const namesOf = async (isActive: boolean): Promise<string[]> =>
    (await networks.all()).filter((one) => one.isActive === isActive).map(({ name }) => name);
  const is = async (net: NetworkHandle, of: (one: Network) => boolean): Promise<0 | 1> =>
    of(await networks.find(net)) ? 1 : 0;
  return {
    CONNECT_LIST_ALL_NETWORKS: async ({ need_results, flags }) => {
      const found = (await networks.all()).filter((one) => matchesFlags(one, flags));
      return { nets: need_results === 0 ? [] : found.map(handleOfNetwork), ret: found.length };
    },
    CONNECT_NUM_OF_NETWORKS: async () => ({ num: (await namesOf(true)).length }),
    CONNECT_LIST_NETWORKS: async ({ maxnames }) => ({
      names: (await namesOf(true)).slice(0, Math.max(0, maxnames)),
    }),
    CONNECT_NUM_OF_DEFINED_NETWORKS: async () => ({ num: (await namesOf(false)).length }),
    CONNECT_LIST_DEFINED_NETWORKS: async ({ maxnames }) => ({
      names: (await namesOf(false)).slice(0, Math.max(0, maxnames)),
    }),
    NETWORK_LOOKUP_BY_NAME: async ({ name }) => ({
      net: handleOfNetwork(await networks.findByName(name)),
    }),
    NETWORK_LOOKUP_BY_UUID: async ({ uuid }) => ({
      net: handleOfNetwork(await networks.find({ uuid })),
    }),
    NETWORK_GET_XML_DESC: async ({ net, flags }, { signal }) => {
      const network = await networks.find(net);
      if (network.owner === 'gantry') return { xml: writeNetworkXml(network.document) };
      const argument = JSON.stringify({ network: network.there.uuid, flags });
      const xml = await ask(connection, network, 'network-xml', argument, signal);
      return { xml: renamed(xml, network) };
    },
    NETWORK_GET_BRIDGE_NAME: async ({ net }, { signal }) => {
      const network = await networks.find(net);
      return {
        name:
          network.owner === 'gantry'
            ? bridgeOf(connection, network)
            : await ask(connection, network, 'network-bridge', network.there.uuid, signal),
      };
    },
    NETWORK_GET_AUTOSTART: async ({ net }) => ({
      autostart: await is(net, (one) => one.startsByItself),
    }),
    NETWORK_IS_ACTIVE: async ({ net }) => ({ active: await is(net, (one) => one.isActive) }),
    NETWORK_IS_PERSISTENT: async ({ net }) => ({
      persistent: await is(net, (one) => one.isPersistent),
    }),
    NETWORK_GET_DHCP_LEASES: async ({ net, mac, need_results }, { signal }) => {
      const network = await networks.find(net);
      const all = await (network.owner === 'gantry'
        ? ownLeases(connection, network, signal)
        : theirLeases(connection, network, signal));
      const leases = all.filter((lease) => mac === null || lease.mac === mac.toLowerCase());
      return { leases: need_results === 0 ? [] : leases, ret: leases.length };
    },
    NETWORK_LIST_ALL_PORTS: async ({ network }) => {
      await networks.find(network);
      return { ports: [], ret: 0 };
    },
  };
}

function matchesFlags(network: Network, flags: number): boolean {
  return flagPairs.every(({ has, lacks, of }) => {
    const asked = flags & (has | lacks);
    return asked === 0 || (asked & (of(network) ? has : lacks)) !== 0;
  });
}

/** Of one that hosts carry on bridges of different names there is none to tell. Errors: INTERNAL_ERROR, as of libvirt. */
function bridgeOf({ parts }: Connection, { name, document }: OwnNetwork): string {
  const { hosts } = showNetwork(parts.coordinator.inventory, document);
  const names = new Set(hosts.flatMap(({ bridge }) => bridge ?? []));
  const [bridge = document.data.adapter, ...others] = names;
  if (bridge !== null && others.length === 0) return bridge;
  throw libvirtFault(
    'INTERNAL_ERROR',
    `internal error: network '${name}' does not have a bridge name.`,
  );
}

async function ownLeases(
  { parts: { desk, caller } }: Connection,
  { uuid, document: { data } }: OwnNetwork,
  signal: AbortSignal,
): Promise<readonly Lease[]> {
  const { items } = await desk.ask(caller, 'network.leases', { params: { network: uuid } }, signal);
  const bits = parseSubnet(data.ipv4?.subnet ?? '')?.bits ?? 0;
  return items.map((lease) => ({
    iface: data.name,
    expirytime: BigInt(Math.floor(Date.parse(lease.expiresAt) / 1000)),
    type: ipv4,
    mac: lease.mac,
    iaid: null,
    ipaddr: lease.address,
    prefix: bits,
    hostname: lease.hostName,
    clientid: null,
  }));
}

const text = z.string().max(1024);
const leaseSchema = z.object({
  iface: text,
  expirytime: z.number().int().transform(BigInt),
  type: z.number().int(),
  mac: text.nullable(),
  iaid: text.nullable(),
  ipaddr: text,
  prefix: z.number().int().min(0).max(128),
  hostname: text.nullable(),
  clientid: text.nullable(),
});
const leasesSchema = z.array(leaseSchema).max(65_536);

async function theirLeases(
  connection: Connection,
  network: TheirNetwork,
  signal: AbortSignal,
): Promise<readonly Lease[]> {
  const told = await ask(connection, network, 'network-leases', network.there.uuid, signal);
  return leasesSchema.parse(JSON.parse(told));
}

const answerMs = 10_000;

/** What a hypervisor tells of one of its networks. Errors: the hypervisor's own; `unavailable`. */
async function ask(
  { parts }: Connection,
  { host }: TheirNetwork,
  name: `network-${'xml' | 'leases' | 'bridge'}`,
  argument: string,
  signal: AbortSignal,
): Promise<string> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const { links } = parts.coordinator;
  return (await links.call(host.id, 'host.extension', { name, argument }, { signal: soon })).output;
}
