/** Network adapters: the device the guest sees and the network behind it. */
import { adapterAddress } from './addresses.ts';
import { netdevName } from './names.ts';
import type { Json, JsonFields } from './options.ts';
import type { MachineSpec } from './spec.ts';
import type { Adapter, AdapterModel, HostForward, UserNetwork } from './spec-ports.ts';

interface ModelFacts {
  /** QEMU's name. */
  readonly driver: string;
  readonly slot: 'express' | 'conventional';
  /** Positions 0 up to, without. */
  readonly positions: number;
  /** Whether a boot ROM exists for it. */
  readonly bootRom: 'exists' | 'none';
}

export const adapterModelFacts: Readonly<Record<AdapterModel, ModelFacts>> = {
  virtio: { driver: 'virtio-net-pci', slot: 'express', positions: 16, bootRom: 'exists' },
  e1000e: { driver: 'e1000e', slot: 'express', positions: 16, bootRom: 'exists' },
  e1000: { driver: 'e1000', slot: 'conventional', positions: 4, bootRom: 'exists' },
  rtl8139: { driver: 'rtl8139', slot: 'conventional', positions: 4, bootRom: 'exists' },
  pcnet: { driver: 'pcnet', slot: 'conventional', positions: 4, bootRom: 'exists' },
  tulip: { driver: 'tulip', slot: 'conventional', positions: 4, bootRom: 'none' },
};

export interface NetworkDevice {
  /** Absent when the adapter is connected to nothing. */
  readonly netdev: JsonFields | undefined;
  readonly device: JsonFields;
}

export function adapterDevice(
  machine: Pick<MachineSpec, 'chipset'>,
  adapter: Adapter,
  bootIndex?: number,
): NetworkDevice {
  const facts = adapterModelFacts[adapter.model];
  const netdev = networkFields(adapter);
  const device: JsonFields = {
    driver: facts.driver,
    id: adapter.id,
    ...adapterAddress(machine.chipset, adapter.position, facts.slot),
    mac: adapter.mac,
    netdev: netdev === undefined ? undefined : netdevName(adapter.id),
    bootindex: bootIndex,
    romfile: facts.bootRom === 'exists' && adapter.bootRom === 'absent' ? '' : undefined,
  };
  return { netdev, device };
}

function networkFields(adapter: Adapter): JsonFields | undefined {
  const id = netdevName(adapter.id);
  switch (adapter.network.kind) {
    case 'none':
      return undefined;
    case 'tap':
      return {
        type: 'tap',
        id,
        ifname: adapter.network.interfaceName,
        script: 'no',
        downscript: 'no',
        vhost: adapter.network.vhost === 'on',
      };
    case 'user':
      return { type: 'user', id, ...userFields(adapter.network) };
  }
}

function userFields(network: UserNetwork): JsonFields {
  const forwards: readonly Json[] = (network.forwards ?? []).map((forward) => ({
    str: formatForward(forward),
  }));
  return {
    restrict: network.reach === 'isolated' ? true : undefined,
    net: network.subnet,
    ipv6: network.ipv6 === undefined ? undefined : network.ipv6 === 'on',
    hostname: network.hostName,
    tftp: network.tftp?.folderPath,
    bootfile: network.tftp?.bootFile,
    hostfwd: forwards.length === 0 ? undefined : forwards,
  };
}

/** As `hostfwd_add` takes it as well. */
export function formatForward(forward: HostForward): string {
  const { protocol, hostAddress, hostPort, guestAddress = '', guestPort } = forward;
  return `${protocol}:${hostAddress}:${hostPort}-${guestAddress}:${guestPort}`;
}
