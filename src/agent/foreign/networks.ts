/**
 * Networks of a hypervisor for its extensions (FED-08): told in bulk, and changed as they were asked to be. Descriptions are
 * passed on as they are. What a function takes or tells beyond one text is JSON.
 */
import { z } from 'zod';
import type { Client, NetworkHandle } from '#libvirt';
import { parseArgument } from './extension-argument.ts';
import type { OfHost } from './extensions.ts';

/** A name as the hypervisor has it, or a UUID. */
const reference = z.string().min(1).max(256);
const described = z.strictObject({
  network: reference,
  flags: z.number().int().min(0).max(255).default(0),
});
const started = z.strictObject({ network: reference, autostart: z.boolean() });
const updated = z.strictObject({
  network: reference,
  command: z.number().int().min(0).max(255),
  section: z.number().int().min(0).max(255),
  parentIndex: z.number().int().min(-1).max(65_535).default(-1),
  xml: z.string().max(60_000),
  flags: z.number().int().min(0).max(255).default(0),
});

/** virConnectListAllNetworksFlags. */
const lists = { active: 2, persistent: 4, autostart: 16 } as const;

const xmlText = "XML: libvirt's description of a network";
const nameText = 'its name or UUID';

/** None, where the driver knows no networks. */
export const networkExtensions: Readonly<Record<string, OfHost>> = {
  networks: {
    meaning: 'its networks: name, UUID, whether active, persistent, started by themselves; JSON',
    argument: null,
    run: ({ client, signal }) => listNetworks(client, signal),
  },
  'network-xml': {
    meaning: 'the description of a network; flags as libvirt has them, 1: as it will start',
    argument: 'JSON: {"network": "default", "flags": 0}',
    run: async ({ client, argument, signal }) => {
      const { network, flags } = parseArgument(described, argument);
      const net = await find(client, network, signal);
      return (await client.call('NETWORK_GET_XML_DESC', { net, flags }, { signal })).xml;
    },
  },
  'network-leases': {
    meaning: 'the addresses that a network has leased; JSON',
    argument: nameText,
    run: async ({ client, argument, signal }) => {
      const net = await find(client, argument, signal);
      const asked = { net, mac: null, need_results: 1, flags: 0 };
      const { leases } = await client.call('NETWORK_GET_DHCP_LEASES', asked, { signal });
      return JSON.stringify(
        leases.map((lease) => ({ ...lease, expirytime: Number(lease.expirytime) })),
      );
    },
  },
  'network-bridge': {
    meaning: 'the bridge of a network',
    argument: nameText,
    run: async ({ client, argument, signal }) => {
      const net = await find(client, argument, signal);
      return (await client.call('NETWORK_GET_BRIDGE_NAME', { net }, { signal })).name;
    },
  },
  'network-define': {
    meaning: 'define a network, or change one; answers its UUID',
    argument: xmlText,
    changesFacts: true,
    run: async ({ client, argument: xml, signal }) =>
      (await client.call('NETWORK_DEFINE_XML', { xml }, { signal })).net.uuid,
  },
  'network-create': {
    meaning: 'start a network that goes with its end; answers its UUID',
    argument: xmlText,
    changesFacts: true,
    run: async ({ client, argument: xml, signal }) =>
      (await client.call('NETWORK_CREATE_XML', { xml }, { signal })).net.uuid,
  },
  'network-start': changing('start a network', 'NETWORK_CREATE'),
  'network-stop': changing('stop a network, whoever is on it', 'NETWORK_DESTROY'),
  'network-undefine': changing('forget the definition of a network', 'NETWORK_UNDEFINE'),
  'network-autostart': {
    meaning: 'whether a network starts with its host',
    argument: 'JSON: {"network": "default", "autostart": true}',
    run: async ({ client, argument, signal }) => {
      const { network, autostart } = parseArgument(started, argument);
      const net = await find(client, network, signal);
      const asked = { net, autostart: autostart ? 1 : 0 };
      await client.call('NETWORK_SET_AUTOSTART', asked, { signal });
      return '';
    },
  },
  'network-update': {
    meaning: 'change one thing of a network, by the numbers that libvirt has for these',
    argument: 'JSON: {"network": "default", "command": 3, "section": 4, "xml": "<host …/>"}',
    run: async ({ client, argument, signal }) => {
      const { network, ...update } = parseArgument(updated, argument);
      const net = await find(client, network, signal);
      await client.call('NETWORK_UPDATE', { net, ...update }, { signal });
      return '';
    },
  },
};

function changing(
  meaning: string,
  procedure: 'NETWORK_CREATE' | 'NETWORK_DESTROY' | 'NETWORK_UNDEFINE',
): OfHost {
  return {
    meaning,
    argument: nameText,
    changesFacts: true,
    run: async ({ client, argument, signal }) => {
      const net = await find(client, argument, signal);
      await client.call(procedure, { net }, { signal });
      return '';
    },
  };
}

/** Four calls, however many there are. */
async function listNetworks(client: Client, signal: AbortSignal): Promise<string> {
  const list = async (flags: number): Promise<readonly NetworkHandle[]> =>
    (await client.call('CONNECT_LIST_ALL_NETWORKS', { need_results: 1, flags }, { signal })).nets;
  const uuids = async (flags: number): Promise<ReadonlySet<string>> =>
    new Set((await list(flags)).map(({ uuid }) => uuid));
  const [all, active, persistent, autostart] = await Promise.all([
    list(0),
    uuids(lists.active),
    uuids(lists.persistent),
    uuids(lists.autostart),
  ]);
  return JSON.stringify(
    all.map(({ name, uuid }) => ({
      name,
      uuid,
      active: active.has(uuid),
      persistent: persistent.has(uuid),
      autostart: autostart.has(uuid),
    })),
  );
}

/** Errors: those of the client. */
async function find(client: Client, name: string, signal: AbortSignal): Promise<NetworkHandle> {
  if (z.guid().safeParse(name).success)
    return (await client.call('NETWORK_LOOKUP_BY_UUID', { uuid: name }, { signal })).net;
  return (await client.call('NETWORK_LOOKUP_BY_NAME', { name }, { signal })).net;
}
