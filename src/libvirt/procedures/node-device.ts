/** Devices of the host. */
import { event, read, write } from './entry.ts';
import { nodeDevice } from './handle.ts';
import { int, list, nullableString, optional, string, uint } from '../wire/shape.ts';

export const nodeDeviceProcedures = {
  NODE_NUM_OF_DEVICES: read(111, { cap: nullableString, flags: uint }, { num: int }),
  NODE_LIST_DEVICES: read(
    112,
    { cap: nullableString, maxnames: int, flags: uint },
    { names: list(string, 65536) },
  ),
  NODE_DEVICE_LOOKUP_BY_NAME: read(113, { name: string }, { dev: nodeDevice }),
  NODE_DEVICE_GET_XML_DESC: read(114, { name: string, flags: uint }, { xml: string }),
  NODE_DEVICE_GET_PARENT: read(115, { name: string }, { parentName: nullableString }),
  NODE_DEVICE_NUM_OF_CAPS: read(116, { name: string }, { num: int }),
  NODE_DEVICE_LIST_CAPS: read(117, { name: string, maxnames: int }, { names: list(string, 65536) }),
  NODE_DEVICE_DETTACH: write(118, { name: string }, {}),
  NODE_DEVICE_RE_ATTACH: write(119, { name: string }, {}),
  NODE_DEVICE_RESET: write(120, { name: string }, {}),
  NODE_DEVICE_CREATE_XML: write(123, { xml_desc: string, flags: uint }, { dev: nodeDevice }),
  NODE_DEVICE_DESTROY: write(124, { name: string }, {}),
  CONNECT_LIST_ALL_NODE_DEVICES: read(
    285,
    { need_results: int, flags: uint },
    { devices: list(nodeDevice, 65536), ret: uint },
  ),
  NODE_DEVICE_LOOKUP_SCSI_HOST_BY_WWN: read(
    297,
    { wwnn: string, wwpn: string, flags: uint },
    { dev: nodeDevice },
  ),
  NODE_DEVICE_DETACH_FLAGS: write(
    301,
    { name: string, driverName: nullableString, flags: uint },
    {},
  ),
  CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY: read(
    374,
    { eventID: int, dev: optional(nodeDevice) },
    { callbackID: int },
  ),
  CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY: read(375, { callbackID: int }, {}),
  NODE_DEVICE_DEFINE_XML: write(428, { xml_desc: string, flags: uint }, { dev: nodeDevice }),
  NODE_DEVICE_UNDEFINE: write(429, { name: string, flags: uint }, {}),
  NODE_DEVICE_CREATE: write(430, { name: string, flags: uint }, {}),
  NODE_DEVICE_GET_AUTOSTART: write(433, { name: string }, { autostart: int }),
  NODE_DEVICE_SET_AUTOSTART: write(434, { name: string, autostart: int }, {}),
  NODE_DEVICE_IS_PERSISTENT: read(435, { name: string }, { persistent: int }),
  NODE_DEVICE_IS_ACTIVE: read(436, { name: string }, { active: int }),
} as const;

export const nodeDeviceMessages = {
  NODE_DEVICE_EVENT_LIFECYCLE: event(376, 'node-device', 0, {
    callbackID: int,
    dev: nodeDevice,
    event: int,
    detail: int,
  }),
  NODE_DEVICE_EVENT_UPDATE: event(377, 'node-device', 1, { callbackID: int, dev: nodeDevice }),
} as const;
