/** Network interfaces of the host. */
import { read, write } from './entry.ts';
import { hostInterface } from './handle.ts';
import { int, list, string, uint } from '../wire/shape.ts';

export const interfaceProcedures = {
  CONNECT_NUM_OF_INTERFACES: read(126, {}, { num: int }),
  CONNECT_LIST_INTERFACES: read(127, { maxnames: int }, { names: list(string) }),
  INTERFACE_LOOKUP_BY_NAME: read(128, { name: string }, { iface: hostInterface }),
  INTERFACE_LOOKUP_BY_MAC_STRING: read(129, { mac: string }, { iface: hostInterface }),
  INTERFACE_GET_XML_DESC: read(130, { iface: hostInterface, flags: uint }, { xml: string }),
  INTERFACE_DEFINE_XML: write(131, { xml: string, flags: uint }, { iface: hostInterface }),
  INTERFACE_UNDEFINE: write(132, { iface: hostInterface }, {}),
  INTERFACE_CREATE: write(133, { iface: hostInterface, flags: uint }, {}),
  INTERFACE_DESTROY: write(134, { iface: hostInterface, flags: uint }, {}),
  CONNECT_NUM_OF_DEFINED_INTERFACES: read(137, {}, { num: int }),
  CONNECT_LIST_DEFINED_INTERFACES: read(138, { maxnames: int }, { names: list(string) }),
  INTERFACE_IS_ACTIVE: read(156, { iface: hostInterface }, { active: int }),
  INTERFACE_CHANGE_BEGIN: write(220, { flags: uint }, {}),
  INTERFACE_CHANGE_COMMIT: write(221, { flags: uint }, {}),
  INTERFACE_CHANGE_ROLLBACK: write(222, { flags: uint }, {}),
  CONNECT_LIST_ALL_INTERFACES: read(
    284,
    { need_results: int, flags: uint },
    { ifaces: list(hostInterface), ret: uint },
  ),
} as const;
