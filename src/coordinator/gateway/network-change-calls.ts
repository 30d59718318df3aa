/**
 * Networks changed by libvirt's clients: Gantry's own by its API; those of a hypervisor by what its driver has beyond the
 * functions of all, with the description as it was given. That takes the right to these: a description may run programs there.
 */
import { libvirtFault, type Handlers, type NetworkHandle } from '#libvirt';
import { changeThere } from './change-there.ts';
import type { Connection } from './connection.ts';
import { readNetworkName } from './define/network-wish.ts';
import { hypervisorOf, nameThere } from './hypervisors.ts';
import { handleOfNetwork, type Networks, type TheirNetwork } from './networks.ts';
import { renamed } from './renamed.ts';

type Calls = Pick<
  Handlers,
  | 'NETWORK_DEFINE_XML'
  | 'NETWORK_DEFINE_XML_FLAGS'
  | 'NETWORK_CREATE_XML'
  | 'NETWORK_CREATE_XML_FLAGS'
  | 'NETWORK_CREATE'
  | 'NETWORK_DESTROY'
  | 'NETWORK_UNDEFINE'
  | 'NETWORK_UPDATE'
  | 'NETWORK_SET_AUTOSTART'
>;

type Change = 'define' | 'create' | 'start' | 'stop' | 'undefine' | 'autostart' | 'update';

export function networkChangeCalls(connection: Connection, networks: Networks): Calls {
  const { own } = networks;
  const tell = (
    host: { readonly id: string },
    change: Change,
    argument: string,
    signal: AbortSignal,
  ): Promise<string> => changeThere(connection, host, `network-${change}`, argument, signal);
  const describe = async (
    change: 'define' | 'create',
    xml: string,
    signal: AbortSignal,
  ): Promise<{ net: NetworkHandle }> => {
    const name = readNetworkName(xml);
    const host = hypervisorOf(connection, name);
    if (host === undefined) return { net: await own[change](xml, signal) };
    const known = (await networks.all()).find(
      (one): one is TheirNetwork =>
        one.owner === 'host' && one.host.id === host.id && one.name === name,
    );
    const there = {
      name: nameThere(name, host),
      // One that is told by another UUID than it has there is meant by that.
      uuid: known !== undefined && xml.includes(known.uuid) ? known.there.uuid : undefined,
    };
    const uuid = await tell(host, change, renamed(xml, there), signal);
    const made = (await networks.all()).find(
      (one): one is TheirNetwork =>
        one.owner === 'host' && one.host.id === host.id && one.there.uuid === uuid,
    );
    if (made !== undefined) return { net: handleOfNetwork(made) };
    throw libvirtFault('NO_NETWORK', `Network not found: ${name.slice(0, 100)} has gone again`);
  };
  const change = async (
    net: NetworkHandle,
    ours: (uuid: string) => Promise<void> | void,
    theirs: (network: TheirNetwork) => readonly [Change, string],
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const network = await networks.find(net);
    if (network.owner === 'gantry') await ours(network.uuid);
    else await tell(network.host, ...theirs(network), signal);
    return {};
  };
  return {
    NETWORK_DEFINE_XML: ({ xml }, { signal }) => describe('define', xml, signal),
    NETWORK_DEFINE_XML_FLAGS: ({ xml }, { signal }) => describe('define', xml, signal),
    NETWORK_CREATE_XML: ({ xml }, { signal }) => describe('create', xml, signal),
    NETWORK_CREATE_XML_FLAGS: ({ xml }, { signal }) => describe('create', xml, signal),
    NETWORK_CREATE: ({ net }, { signal }) =>
      change(
        net,
        (id) => own.start(id),
        ({ there }) => ['start', there.uuid],
        signal,
      ),
    NETWORK_DESTROY: ({ net }, { signal }) =>
      change(
        net,
        (id) => own.stop(id, signal),
        ({ there }) => ['stop', there.uuid],
        signal,
      ),
    NETWORK_UNDEFINE: ({ net }, { signal }) =>
      change(
        net,
        (id) => own.remove(id, signal),
        ({ there }) => ['undefine', there.uuid],
        signal,
      ),
    NETWORK_SET_AUTOSTART: ({ net, autostart }, { signal }) =>
      change(
        net,
        (id) => own.setAutostart(id, autostart !== 0),
        ({ there }) => [
          'autostart',
          JSON.stringify({ network: there.uuid, autostart: autostart !== 0 }),
        ],
        signal,
      ),
    NETWORK_UPDATE: ({ net, ...update }, { signal }) =>
      change(
        net,
        (id) => own.update(id, update, signal),
        ({ there }) => ['update', JSON.stringify({ network: there.uuid, ...update })],
        signal,
      ),
  };
}
