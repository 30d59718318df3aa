/** Bounds of network adapters (HW-18, HW-19). */
import { isIPv4 } from 'node:net';
import { adapterModelFacts } from './adapters.ts';
import { isWithin, patterns, type Report } from './check-values.ts';
import type { MachineSpec } from './spec.ts';
import type { Adapter, HostForward, UserNetwork } from './spec-ports.ts';

const maxForwards = 64;

export function checkAdapters(spec: MachineSpec, report: Report): void {
  const positions = new Set<number>();
  const macs = new Set<string>();
  for (const [index, adapter] of spec.adapters.entries()) {
    const setting = `adapters[${index}]`;
    checkAdapter(setting, adapter, report);
    if (positions.has(adapter.position)) report(`${setting}.position`, 'is taken');
    if (macs.has(adapter.mac)) report(`${setting}.mac`, 'is the address of another adapter');
    positions.add(adapter.position);
    macs.add(adapter.mac);
  }
}

function checkAdapter(setting: string, adapter: Adapter, report: Report): void {
  const { positions, bootRom } = adapterModelFacts[adapter.model];
  if (!isWithin(adapter.position, 0, positions - 1)) {
    report(`${setting}.position`, `${adapter.model} has positions 0 to ${positions - 1}`);
  }
  if (bootRom === 'none' && adapter.bootRom === 'present') {
    const remedy = 'choose pcnet or e1000 to boot from the network';
    report(`${setting}.bootRom`, `there is none for ${adapter.model}`, remedy);
  }
  if (!patterns.mac.test(adapter.mac)) {
    report(`${setting}.mac`, 'is not a unicast address such as 52:54:00:12:34:56');
  }
  const { network } = adapter;
  if (network.kind === 'user') checkUserNetwork(`${setting}.network`, network, report);
  if (network.kind === 'tap' && !/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/.test(network.interfaceName)) {
    report(`${setting}.network.interfaceName`, 'is not the name of an interface');
  }
}

function checkUserNetwork(setting: string, network: UserNetwork, report: Report): void {
  if (network.subnet !== undefined && !isSubnet(network.subnet)) {
    report(`${setting}.subnet`, 'is not an IPv4 network such as 10.0.2.0/24');
  }
  if (network.hostName !== undefined && !patterns.hostName.test(network.hostName)) {
    report(`${setting}.hostName`, 'is not a host name');
  }
  if (network.tftp) {
    if (!patterns.path.test(network.tftp.folderPath)) {
      report(`${setting}.tftp.folderPath`, 'is not an absolute path');
    }
    if (!/^[\x21-\x7e]{1,127}$/.test(network.tftp.bootFile)) {
      report(`${setting}.tftp.bootFile`, 'is not a file name of up to 127 characters');
    }
  }
  const forwards = network.forwards ?? [];
  if (forwards.length > maxForwards) report(`${setting}.forwards`, `are more than ${maxForwards}`);
  for (const [index, forward] of forwards.entries()) {
    if (!isForward(forward)) {
      report(`${setting}.forwards[${index}]`, 'needs IPv4 addresses and ports from 1 to 65535');
    }
  }
}

function isForward(forward: HostForward): boolean {
  const { hostAddress, hostPort, guestAddress, guestPort } = forward;
  const ports = isWithin(hostPort, 1, 65_535) && isWithin(guestPort, 1, 65_535);
  return ports && isIPv4(hostAddress) && (guestAddress === undefined || isIPv4(guestAddress));
}

function isSubnet(value: string): boolean {
  const [address = '', bits = '', ...rest] = value.split('/');
  return (
    rest.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(bits) && isWithin(Number(bits), 8, 29)
  );
}
