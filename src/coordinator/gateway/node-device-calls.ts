/** Devices of hosts for libvirt's clients: listed and described; what would change them is refused. */
import { libvirtFault, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';
import { kindFlags, noDevice, NodeDevices, type NodeDevice } from './node-devices.ts';

type Calls = Pick<
  Handlers,
  | 'CONNECT_LIST_ALL_NODE_DEVICES'
  | 'NODE_NUM_OF_DEVICES'
  | 'NODE_LIST_DEVICES'
  | `NODE_DEVICE_LOOKUP_${'BY_NAME' | 'SCSI_HOST_BY_WWN'}`
  | `NODE_DEVICE_GET_${'XML_DESC' | 'PARENT' | 'AUTOSTART'}`
  | 'NODE_DEVICE_NUM_OF_CAPS'
  | 'NODE_DEVICE_LIST_CAPS'
  | `NODE_DEVICE_IS_${'ACTIVE' | 'PERSISTENT'}`
  | `NODE_DEVICE_${'DETTACH' | 'RE_ATTACH' | 'RESET' | 'DETACH_FLAGS'}`
  | `NODE_DEVICE_${'CREATE_XML' | 'DEFINE_XML' | 'CREATE' | 'DESTROY' | 'UNDEFINE'}`
  | 'NODE_DEVICE_SET_AUTOSTART'
>;

/** virConnectListAllNodeDeviceFlags: those that are not there at present, or will not be after a restart, are none of ours. */
const pairs = [
  { all: 2 ** 31, none: 2 ** 30 },
  { all: 2 ** 28, none: 2 ** 29 },
] as const;
const allKinds = Object.values(kindFlags).reduce((sum, flag) => sum | flag, 0);

export function nodeDeviceCalls(connection: Connection): Calls {
  const devices = new NodeDevices(connection);
  const ofKind = async (cap: string | null, signal: AbortSignal): Promise<readonly NodeDevice[]> =>
    (await devices.all(signal)).filter(({ kinds }) => cap === null || kinds.includes(cap));
  return {
    CONNECT_LIST_ALL_NODE_DEVICES: async ({ need_results, flags }, { signal }) => {
      const found = (await devices.all(signal)).filter((one) => matchesFlags(one, flags));
      return {
        devices: need_results === 0 ? [] : found.map(({ name }) => ({ name })),
        ret: found.length,
      };
    },
    NODE_NUM_OF_DEVICES: async ({ cap }, { signal }) => ({
      num: (await ofKind(cap, signal)).length,
    }),
    NODE_LIST_DEVICES: async ({ cap, maxnames }, { signal }) => ({
      names: (await ofKind(cap, signal)).slice(0, Math.max(0, maxnames)).map(({ name }) => name),
    }),
    NODE_DEVICE_LOOKUP_BY_NAME: async ({ name }, { signal }) => ({
      dev: { name: (await devices.find(name, signal)).name },
    }),
    NODE_DEVICE_LOOKUP_SCSI_HOST_BY_WWN: ({ wwnn, wwpn }) => {
      throw noDevice(`wwnn ${wwnn}, wwpn ${wwpn}`);
    },
    NODE_DEVICE_GET_XML_DESC: async ({ name }, { signal }) => ({
      xml: (await devices.find(name, signal)).xml,
    }),
    NODE_DEVICE_GET_PARENT: async ({ name }, { signal }) => ({
      parentName: (await devices.find(name, signal)).parent,
    }),
    NODE_DEVICE_GET_AUTOSTART: async ({ name }, { signal }) => {
      await devices.find(name, signal);
      return { autostart: 1 };
    },
    NODE_DEVICE_NUM_OF_CAPS: async ({ name }, { signal }) => ({
      num: (await devices.find(name, signal)).kinds.length,
    }),
    NODE_DEVICE_LIST_CAPS: async ({ name, maxnames }, { signal }) => ({
      names: (await devices.find(name, signal)).kinds.slice(0, Math.max(0, maxnames)),
    }),
    NODE_DEVICE_IS_ACTIVE: async ({ name }, { signal }) => {
      await devices.find(name, signal);
      return { active: 1 };
    },
    NODE_DEVICE_IS_PERSISTENT: async ({ name }, { signal }) => {
      await devices.find(name, signal);
      return { persistent: 1 };
    },
    NODE_DEVICE_DETTACH: refused,
    NODE_DEVICE_DETACH_FLAGS: refused,
    NODE_DEVICE_RE_ATTACH: refused,
    NODE_DEVICE_RESET: refused,
    NODE_DEVICE_CREATE_XML: refused,
    NODE_DEVICE_DEFINE_XML: refused,
    NODE_DEVICE_CREATE: refused,
    NODE_DEVICE_DESTROY: refused,
    NODE_DEVICE_UNDEFINE: refused,
    NODE_DEVICE_SET_AUTOSTART: refused,
  };
}

function refused(): never {
  throw libvirtFault(
    'OPERATION_UNSUPPORTED',
    'devices of hosts are shown here and not changed: use the tools of the host',
  );
}

function matchesFlags({ kinds }: NodeDevice, flags: number): boolean {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (pairs.some(({ all, none }) => has(none) && !has(all))) return false;
  return !has(allKinds) || kinds.some((kind) => has(kindFlags[kind] ?? 0));
}
