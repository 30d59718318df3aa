/**
 * Kinds of objects that Gantry does not show to libvirt's clients: lists of none. A client that is told "not supported"
 * takes the whole connection for an older one, and remembers.
 */
import { libvirtFault, type ErrorName, type Handlers } from '#libvirt';

type Calls = Pick<
  Handlers,
  | 'CONNECT_LIST_ALL_INTERFACES'
  | 'CONNECT_NUM_OF_INTERFACES'
  | 'CONNECT_LIST_INTERFACES'
  | 'CONNECT_NUM_OF_DEFINED_INTERFACES'
  | 'CONNECT_LIST_DEFINED_INTERFACES'
  | 'CONNECT_LIST_ALL_NWFILTERS'
  | 'CONNECT_NUM_OF_NWFILTERS'
  | 'CONNECT_LIST_NWFILTERS'
  | 'CONNECT_LIST_ALL_NWFILTER_BINDINGS'
  | `INTERFACE_LOOKUP_BY_${'NAME' | 'MAC_STRING'}`
  | `INTERFACE_${'GET_XML_DESC' | 'IS_ACTIVE'}`
  | `NWFILTER_LOOKUP_BY_${'NAME' | 'UUID'}`
  | 'NWFILTER_GET_XML_DESC'
  | 'NWFILTER_BINDING_GET_XML_DESC'
  | 'NWFILTER_BINDING_LOOKUP_BY_PORT_DEV'
>;

const none = () => ({ num: 0 }) as const;
const noSuch = (name: ErrorName, what: string) => (): never => {
  throw libvirtFault(name, `${what} not found: there are none here`);
};
const noNames = () => ({ names: [] });

export const emptyCalls: Calls = {
  CONNECT_LIST_ALL_INTERFACES: () => ({ ifaces: [], ret: 0 }),
  CONNECT_NUM_OF_INTERFACES: none,
  CONNECT_LIST_INTERFACES: noNames,
  CONNECT_NUM_OF_DEFINED_INTERFACES: none,
  CONNECT_LIST_DEFINED_INTERFACES: noNames,
  CONNECT_LIST_ALL_NWFILTERS: () => ({ filters: [], ret: 0 }),
  CONNECT_NUM_OF_NWFILTERS: none,
  CONNECT_LIST_NWFILTERS: noNames,
  CONNECT_LIST_ALL_NWFILTER_BINDINGS: () => ({ bindings: [], ret: 0 }),
  INTERFACE_LOOKUP_BY_NAME: noSuch('NO_INTERFACE', 'Interface'),
  INTERFACE_LOOKUP_BY_MAC_STRING: noSuch('NO_INTERFACE', 'Interface'),
  INTERFACE_GET_XML_DESC: noSuch('NO_INTERFACE', 'Interface'),
  INTERFACE_IS_ACTIVE: noSuch('NO_INTERFACE', 'Interface'),
  NWFILTER_LOOKUP_BY_NAME: noSuch('NO_NWFILTER', 'Network filter'),
  NWFILTER_LOOKUP_BY_UUID: noSuch('NO_NWFILTER', 'Network filter'),
  NWFILTER_GET_XML_DESC: noSuch('NO_NWFILTER', 'Network filter'),
  NWFILTER_BINDING_LOOKUP_BY_PORT_DEV: noSuch('NO_NWFILTER_BINDING', 'Network filter binding'),
  NWFILTER_BINDING_GET_XML_DESC: noSuch('NO_NWFILTER_BINDING', 'Network filter binding'),
};
