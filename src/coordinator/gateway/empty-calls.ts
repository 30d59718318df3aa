/**
 * Kinds of objects that Gantry does not show to libvirt's clients: lists of none. A client that is told "not supported"
 * takes the whole connection for an older one, and remembers.
 */
import type { Handlers } from '#libvirt';

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
>;

const none = () => ({ num: 0 }) as const;
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
  DOMAIN_LIST_ALL_CHECKPOINTS: () => ({ checkpoints: [], ret: 0 }),
};
