/**
 * Gantry's networks for libvirt's clients: listed, described (libvirt's "Network XML format"), with their leases. They
 * are made and changed by Gantry.
 */
import { netmaskOf, parseSubnet, type NetworkType } from '#api';
import { libvirtFault, type Handlers, type NetworkHandle } from '#libvirt';
import { findNetwork } from '../app/network/show-network.ts';
import type { NetworkDocument } from '../documents.ts';
import type { Document } from '../store/store.ts';
import type { Connection } from './connection.ts';
import { element, writeXml, type Element } from '../domain-xml/xml.ts';

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
  | 'NETWORK_GET_AUTOSTART'
  | 'NETWORK_IS_ACTIVE'
  | 'NETWORK_IS_PERSISTENT'
  | 'NETWORK_GET_DHCP_LEASES'
  | 'NETWORK_LIST_ALL_PORTS'
>;

/** Pairs of virConnectListAllNetworksFlags: what all networks are, and its opposite. */
const flagPairs = [
  { all: 2, none: 1 },
  { all: 4, none: 8 },
  { all: 16, none: 32 },
] as const;
/** virIPAddrType. */
const ipv4 = 0;

export function networkCalls(connection: Connection): Calls {
  const { coordinator, desk, caller } = connection.parts;
  const { inventory } = coordinator;
  const all = (): Document<NetworkDocument>[] => {
    desk.admit(caller, 'network.list');
    return [...inventory.documents<NetworkDocument>('network')];
  };
  const find = (reference: string): Document<NetworkDocument> => {
    desk.admit(caller, 'network.show', { network: reference });
    return findNetwork(inventory, reference);
  };
  /** Also tells of one that is gone. */
  const alwaysSo = <T>(net: NetworkHandle, answer: T): T => {
    find(net.uuid);
    return answer;
  };
  return {
    CONNECT_LIST_ALL_NETWORKS: ({ need_results, flags }) => {
      const found = isOneOfAll(flags) ? all() : [];
      return { nets: need_results === 0 ? [] : found.map(handleOf), ret: found.length };
    },
    CONNECT_NUM_OF_NETWORKS: () => ({ num: all().length }),
    CONNECT_LIST_NETWORKS: ({ maxnames }) => ({
      names: all()
        .slice(0, Math.max(0, maxnames))
        .map(({ data }) => data.name),
    }),
    CONNECT_NUM_OF_DEFINED_NETWORKS: () => ({ num: 0 }),
    CONNECT_LIST_DEFINED_NETWORKS: () => ({ names: [] }),
    NETWORK_LOOKUP_BY_NAME: ({ name }) => {
      const found = all().find(({ data }) => data.name === name);
      if (found !== undefined) return { net: handleOf(find(found.id)) };
      throw libvirtFault(
        'NO_NETWORK',
        `Network not found: no network with matching name '${name.slice(0, 100)}'`,
      );
    },
    NETWORK_LOOKUP_BY_UUID: ({ uuid }) => ({ net: handleOf(find(uuid)) }),
    NETWORK_GET_XML_DESC: ({ net }) => ({ xml: writeNetworkXml(find(net.uuid)) }),
    NETWORK_GET_AUTOSTART: ({ net }) => alwaysSo(net, { autostart: 1 }),
    NETWORK_IS_ACTIVE: ({ net }) => alwaysSo(net, { active: 1 }),
    NETWORK_IS_PERSISTENT: ({ net }) => alwaysSo(net, { persistent: 1 }),
    NETWORK_GET_DHCP_LEASES: async ({ net, mac, need_results }, { signal }) => {
      const { data } = find(net.uuid);
      const params = { network: net.uuid };
      const { items } = await desk.ask(caller, 'network.leases', { params }, signal);
      const bits = parseSubnet(data.ipv4?.subnet ?? '')?.bits ?? 0;
      const leases = items
        .filter((lease) => mac === null || lease.mac === mac.toLowerCase())
        .map((lease) => ({
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
      return { leases: need_results === 0 ? [] : leases, ret: leases.length };
    },
    NETWORK_LIST_ALL_PORTS: ({ network }) => alwaysSo(network, { ports: [], ret: 0 }),
  };
}

/** Active, persistent, started by itself: whether that is asked for. */
function isOneOfAll(flags: number): boolean {
  return flagPairs.every(({ all, none }) => (flags & none) === 0 || (flags & all) !== 0);
}

function handleOf({ id, data }: Document<NetworkDocument>): NetworkHandle {
  return { name: data.name, uuid: id };
}

const forwardModes: Readonly<Record<NetworkType, string | undefined>> = {
  internal: undefined,
  'host-only': undefined,
  nat: 'nat',
  bridged: 'bridge',
};

function writeNetworkXml({ id, data }: Document<NetworkDocument>): string {
  const mode = forwardModes[data.type];
  return writeXml(
    element('network', {}, [
      element('name', {}, data.name),
      element('uuid', {}, id),
      ...(mode === undefined ? [] : [element('forward', { mode })]),
      ...(data.adapter === null ? [] : [element('bridge', { name: data.adapter })]),
      ...(data.domain === '' ? [] : [element('domain', { name: data.domain })]),
      ...ipOf(data),
    ]),
  );
}

function ipOf({ ipv4: addresses }: NetworkDocument): Element[] {
  const subnet = addresses === null ? undefined : parseSubnet(addresses.subnet);
  if (addresses === null || subnet === undefined) return [];
  const { gateway, service, dhcp } = addresses;
  const range = dhcp && element('range', { start: dhcp.first, end: dhcp.last });
  return [
    element(
      'ip',
      { address: gateway ?? service ?? undefined, netmask: netmaskOf(subnet) },
      range === null ? [] : [element('dhcp', {}, [range])],
    ),
  ];
}
