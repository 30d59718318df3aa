/**
 * Kinds of objects that Gantry does not show to libvirt's clients: lists of none. A client that is told "not supported"
 * takes the whole connection for an older one, and remembers.
 */
import { libvirtFault, type ErrorName, type Handlers } from '#libvirt';

type Calls = Pick<
  Handlers,
  | 'CONNECT_LIST_ALL_NODE_DEVICES'
  | 'NODE_NUM_OF_DEVICES'
  | 'NODE_LIST_DEVICES'
  | 'CONNECT_LIST_ALL_INTERFACES'
  | 'CONNECT_NUM_OF_INTERFACES'
  | 'CONNECT_LIST_INTERFACES'
  | 'CONNECT_NUM_OF_DEFINED_INTERFACES'
  | 'CONNECT_LIST_DEFINED_INTERFACES'
  | 'CONNECT_LIST_ALL_NWFILTERS'
  | 'CONNECT_NUM_OF_NWFILTERS'
  | 'CONNECT_LIST_NWFILTERS'
  | 'CONNECT_LIST_ALL_NWFILTER_BINDINGS'
  | 'CONNECT_LIST_ALL_SECRETS'
  | 'CONNECT_NUM_OF_SECRETS'
  | 'CONNECT_LIST_SECRETS'
  | 'DOMAIN_LIST_ALL_CHECKPOINTS'
  | 'NODE_DEVICE_LOOKUP_BY_NAME'
  | `SECRET_LOOKUP_BY_${'UUID' | 'USAGE'}`
  | `INTERFACE_LOOKUP_BY_${'NAME' | 'MAC_STRING'}`
  | `NWFILTER_LOOKUP_BY_${'NAME' | 'UUID'}`
  | 'NWFILTER_BINDING_LOOKUP_BY_PORT_DEV'
>;

const none = () => ({ num: 0 }) as const;
const noSuch = (name: ErrorName, what: string) => (): never => {
  throw libvirtFault(name, `${what} not found: there are none here`);
};
const noNames = () => ({ names: [] });

export const emptyCalls: Calls = {
  CONNECT_LIST_ALL_NODE_DEVICES: () => ({ devices: [], ret: 0 }),
  NODE_NUM_OF_DEVICES: none,
  NODE_LIST_DEVICES: noNames,
  CONNECT_LIST_ALL_INTERFACES: () => ({ ifaces: [], ret: 0 }),
  CONNECT_NUM_OF_INTERFACES: none,
  CONNECT_LIST_INTERFACES: noNames,
  CONNECT_NUM_OF_DEFINED_INTERFACES: none,
  CONNECT_LIST_DEFINED_INTERFACES: noNames,
  CONNECT_LIST_ALL_NWFILTERS: () => ({ filters: [], ret: 0 }),
  CONNECT_NUM_OF_NWFILTERS: none,
  CONNECT_LIST_NWFILTERS: noNames,
  CONNECT_LIST_ALL_NWFILTER_BINDINGS: () => ({ bindings: [], ret: 0 }),
  CONNECT_LIST_ALL_SECRETS: () => ({ secrets: [], ret: 0 }),
  CONNECT_NUM_OF_SECRETS: none,
  CONNECT_LIST_SECRETS: () => ({ uuids: [] }),
  NODE_DEVICE_LOOKUP_BY_NAME: noSuch('NO_NODE_DEVICE', 'Node device'),
  SECRET_LOOKUP_BY_UUID: noSuch('NO_SECRET', 'Secret'),
  SECRET_LOOKUP_BY_USAGE: noSuch('NO_SECRET', 'Secret'),
  INTERFACE_LOOKUP_BY_NAME: noSuch('NO_INTERFACE', 'Interface'),
  INTERFACE_LOOKUP_BY_MAC_STRING: noSuch('NO_INTERFACE', 'Interface'),
  NWFILTER_LOOKUP_BY_NAME: noSuch('NO_NWFILTER', 'Network filter'),
  NWFILTER_LOOKUP_BY_UUID: noSuch('NO_NWFILTER', 'Network filter'),
  NWFILTER_BINDING_LOOKUP_BY_PORT_DEV: noSuch('NO_NWFILTER_BINDING', 'Network filter binding'),
  DOMAIN_LIST_ALL_CHECKPOINTS: () => ({ checkpoints: [], ret: 0 }),
};
