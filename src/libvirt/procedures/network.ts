/** Virtual networks, their ports and leases. */
import { event, read, write } from './entry.ts';
import { network, networkPort } from './handle.ts';
import {
  hyper,
  int,
  list,
  nullableString,
  optional,
  params,
  string,
  struct,
  uint,
  uuid,
} from '../wire/shape.ts';

const dhcpLease = struct({
  iface: string,
  expirytime: hyper,
  type: int,
  mac: nullableString,
  iaid: nullableString,
  ipaddr: string,
  prefix: uint,
  hostname: nullableString,
  clientid: nullableString,
});

export const networkProcedures = {
  CONNECT_LIST_DEFINED_NETWORKS: read(36, { maxnames: int }, { names: list(string) }),
  CONNECT_LIST_NETWORKS: read(38, { maxnames: int }, { names: list(string) }),
  NETWORK_CREATE: write(39, { net: network }, {}),
  NETWORK_CREATE_XML: write(40, { xml: string }, { net: network }),
  NETWORK_DEFINE_XML: write(41, { xml: string }, { net: network }),
  NETWORK_DESTROY: write(42, { net: network }, {}),
  NETWORK_GET_XML_DESC: read(43, { net: network, flags: uint }, { xml: string }),
  NETWORK_GET_AUTOSTART: read(44, { net: network }, { autostart: int }),
  NETWORK_GET_BRIDGE_NAME: read(45, { net: network }, { name: string }),
  NETWORK_LOOKUP_BY_NAME: read(46, { name: string }, { net: network }),
  NETWORK_LOOKUP_BY_UUID: read(47, { uuid: uuid }, { net: network }),
  NETWORK_SET_AUTOSTART: write(48, { net: network, autostart: int }, {}),
  NETWORK_UNDEFINE: write(49, { net: network }, {}),
  CONNECT_NUM_OF_DEFINED_NETWORKS: read(50, {}, { num: int }),
  CONNECT_NUM_OF_NETWORKS: read(52, {}, { num: int }),
  NETWORK_IS_ACTIVE: read(152, { net: network }, { active: int }),
  NETWORK_IS_PERSISTENT: read(153, { net: network }, { persistent: int }),
  CONNECT_LIST_ALL_NETWORKS: read(
    283,
    { need_results: int, flags: uint },
    { nets: list(network), ret: uint },
  ),
  NETWORK_UPDATE: write(
    291,
    { net: network, command: uint, section: uint, parentIndex: int, xml: string, flags: uint },
    {},
  ),
  CONNECT_NETWORK_EVENT_REGISTER_ANY: read(
    313,
    { eventID: int, net: optional(network) },
    { callbackID: int },
  ),
  CONNECT_NETWORK_EVENT_DEREGISTER_ANY: read(314, { callbackID: int }, {}),
  NETWORK_GET_DHCP_LEASES: read(
    341,
    { net: network, mac: nullableString, need_results: int, flags: uint },
    { leases: list(dhcpLease, 65536), ret: uint },
  ),
  NETWORK_LIST_ALL_PORTS: read(
    404,
    { network: network, need_results: int, flags: uint },
    { ports: list(networkPort), ret: uint },
  ),
  NETWORK_PORT_LOOKUP_BY_UUID: read(405, { network: network, uuid: uuid }, { port: networkPort }),
  NETWORK_PORT_CREATE_XML: write(
    406,
    { network: network, xml: string, flags: uint },
    { port: networkPort },
  ),
  NETWORK_PORT_GET_PARAMETERS: read(
    407,
    { port: networkPort, nparams: int, flags: uint },
    { params: params(16), nparams: int },
  ),
  NETWORK_PORT_SET_PARAMETERS: write(
    408,
    { port: networkPort, params: params(16), flags: uint },
    {},
  ),
  NETWORK_PORT_GET_XML_DESC: read(409, { port: networkPort, flags: uint }, { xml: string }),
  NETWORK_PORT_DELETE: write(410, { port: networkPort, flags: uint }, {}),
  NETWORK_DEFINE_XML_FLAGS: write(432, { xml: string, flags: uint }, { net: network }),
  NETWORK_CREATE_XML_FLAGS: write(437, { xml: string, flags: uint }, { net: network }),
} as const;

export const networkMessages = {
  NETWORK_EVENT_LIFECYCLE: event(315, 'network', 0, {
    callbackID: int,
    net: network,
    event: int,
    detail: int,
  }),
} as const;
