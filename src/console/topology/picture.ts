/** What is on which network, and which hosts carry it: the things and lines of the picture, out of what was read. Pure. */
import type { Adapter, Network, Vm } from '#api';

/** A host carries a network. */
export type Carry = Pick<Network['hosts'][number], 'host' | 'hostName' | 'state' | 'bridge'> & {
  readonly network: string;
  /** Of the host, that the network is on: `eno1`, `eno1.120` with its VLAN; undefined: it is on none. */
  readonly uplink: string | undefined;
};

/** An adapter of a vm is plugged into a network. */
export interface Plug {
  readonly vm: Vm;
  readonly network: Network;
  readonly adapter: Adapter;
  /** Bytes in a second; undefined where nothing is counted, or not for this adapter alone. */
  readonly flow: { readonly received: number; readonly sent: number } | undefined;
}

export interface PicturedHost {
  readonly id: string;
  readonly name: string;
  readonly uplinks: readonly string[];
}

export interface Picture {
  /** Those that carry one of the networks, by name, with the adapters that they do so by. */
  readonly hosts: readonly PicturedHost[];
  readonly networks: readonly Network[];
  /** Each once, in the order of the first network that it is on. */
  readonly vms: readonly Vm[];
  readonly carries: readonly Carry[];
  readonly plugs: readonly Plug[];
}

/** `vmsOn`: of the networks that are opened, by their ids. */
export function drawPicture(
  networks: readonly Network[],
  vmsOn: ReadonlyMap<string, readonly Vm[]>,
): Picture {
  const vms = new Map(networks.flatMap(({ id }) => vmsOn.get(id) ?? []).map((vm) => [vm.id, vm]));
  const carries = networks.flatMap((network) =>
    network.hosts.map(({ host, hostName, state, bridge }): Carry => ({
      host,
      hostName,
      state,
      bridge,
      network: network.id,
      uplink: uplinkOf(network),
    })),
  );
  return {
    hosts: hostsOf(carries),
    networks,
    vms: [...vms.values()],
    carries,
    plugs: [...vms.values()].flatMap((vm) => plugsOf(vm, networks, vmsOn)),
  };
}

/** The adapter of a bridged network, as interfaces of VLANs are usually named. */
export function uplinkOf({ adapter, vlan }: Network): string | undefined {
  if (adapter === null) return undefined;
  return vlan === null ? adapter : `${adapter}.${vlan}`;
}

function hostsOf(carries: readonly Carry[]): readonly PicturedHost[] {
  return [...Map.groupBy(carries, ({ host }) => host)]
    .map(([id, own]) => ({
      id,
      name: own[0]?.hostName ?? id,
      uplinks: [...new Set(own.flatMap(({ uplink }) => uplink ?? []))].sort(),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function plugsOf(
  vm: Vm,
  networks: readonly Network[],
  vmsOn: ReadonlyMap<string, readonly Vm[]>,
): readonly Plug[] {
  const { adapters } = vm.definition.hardware;
  const connected = adapters.filter(({ attachment }) => attachment.kind !== 'none');
  const { networkUse } = vm.status;
  // Of all adapters of a vm together is counted.
  const flow =
    networkUse === null || connected.length > 1
      ? undefined
      : { received: networkUse.receivedBytesPerSecond, sent: networkUse.sentBytesPerSecond };
  return adapters.flatMap((adapter) => {
    const { attachment } = adapter;
    if (attachment.kind !== 'network' || !vmsOn.has(attachment.network)) return [];
    const network = networks.find(({ id }) => id === attachment.network);
    return network === undefined ? [] : [{ vm, network, adapter, flow }];
  });
}

/** How wide a line is, from 0, where nothing flows or is known to, to 4; ten times as much is one step. */
export function widthOf(flow: Plug['flow']): 0 | 1 | 2 | 3 | 4 {
  const total = flow === undefined ? 0 : flow.received + flow.sent;
  if (total < 1000) return 0;
  if (total < 100_000) return 1;
  if (total < 1_000_000) return 2;
  return total < 10_000_000 ? 3 : 4;
}
