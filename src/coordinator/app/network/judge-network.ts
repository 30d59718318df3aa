/**
 * Whether a network holds together, and whether it gets in the way of other networks or of the hosts' own.
 * Pure; every issue names the path of the offending setting.
 */
import {
  isHostOf,
  isInPrefix,
  overlaps,
  parseIpv4,
  parseSubnet,
  settledOptions,
  type DhcpOption,
  type HostFacts,
  type NetworkIpv4,
  type Subnet,
} from '#api';
import type { NetworkDocument } from '../../documents.ts';
import type { Issue } from '../issues.ts';
import { hasHostAddress } from './make-network.ts';

export interface Surroundings {
  readonly others: readonly NetworkDocument[];
  readonly hosts: readonly { readonly name: string; readonly facts: HostFacts | null }[];
}

export function judgeNetwork(network: NetworkDocument, around: Surroundings): readonly Issue[] {
  const issues: Issue[] = [];
  const report = (path: string, problem: string): void => void issues.push({ path, problem });
  if (network.name === 'user' || network.name === 'none')
    report('name', `${network.name} has a meaning of its own where networks are named`);
  judgeType(network, report);
  judgeSpan(network, around, report);
  judgeIpv6(network, around, report);
  if (network.ipv4 !== null) {
    judgeAddresses(network, network.ipv4, report);
    if (hasHostAddress(network.type)) judgePlace(network.ipv4, around, report);
  }
  judgeReservations(network, report);
  judgeForwards(network, around, report);
  return issues;
}

type Report = (path: string, problem: string) => void;

function judgeType({ type, ipv4, adapter, vlan, forwards }: NetworkDocument, report: Report): void {
  if (type === 'bridged') {
    if (adapter === null) report('adapter', 'a bridged network needs an adapter of the host');
    if (ipv4 !== null && ipv4.dhcp === null)
      report('ipv4', 'addresses of a bridged network are given by the physical network');
  } else if (adapter !== null) report('adapter', 'only a bridged network has one');
  if (type !== 'bridged' && vlan !== null) report('vlan', 'only a bridged network has one');
  if (hasHostAddress(type) && ipv4 === null) report('ipv4', `a ${type} network needs addresses`);
  if (type !== 'nat' && forwards.length > 0) report('forwards', 'only a nat network has them');
}

function judgeSpan(
  { type, span }: NetworkDocument,
  { others }: Surroundings,
  report: Report,
): void {
  if (span === null) return;
  if (type === 'bridged')
    report('span', 'a bridged network spans hosts by the physical network that it is on');
  if (type === 'host-only') report('span', 'a host-only network is about one host');
  const holder = others.find((other) => other.span?.vni === span.vni);
  if (holder !== undefined) report('span/vni', `is that of network ${holder.name}`);
}

function judgeIpv6(
  { type, ipv4, ipv6 }: NetworkDocument,
  { others, hosts }: Surroundings,
  report: Report,
): void {
  if (ipv6 === null) return;
  if (type === 'bridged')
    return report('ipv6', 'addresses of a bridged network are given by the physical network');
  if (ipv4?.service === null || ipv4 === null)
    report('ipv6', 'a network with IPv6 needs ipv4 with a service');
  if (!hasHostAddress(type)) return;
  for (const other of others)
    if (hasHostAddress(other.type) && other.ipv6?.prefix === ipv6.prefix)
      report('ipv6/prefix', `is that of network ${other.name}`);
  for (const { name, facts } of hosts)
    for (const at of facts?.interfaces ?? [])
      for (const address of at.addresses)
        if (isInPrefix(ipv6.prefix, address.split('/')[0] ?? ''))
          report('ipv6/prefix', `is where host ${name} has ${address} on ${at.name}`);
}

function judgeAddresses({ type }: NetworkDocument, ipv4: NetworkIpv4, report: Report): void {
  const subnet = parseSubnet(ipv4.subnet);
  if (subnet === undefined) return report('ipv4/subnet', 'is not a subnet');
  const isIn = (text: string): boolean => isHostOf(subnet, parseIpv4(text) ?? -1);
  const { gateway, service, dhcp } = ipv4;
  if (hasHostAddress(type) && gateway === null)
    report('ipv4/gateway', `a ${type} network has one: it is the address of the host there`);
  for (const [name, address] of Object.entries({ gateway, service }))
    if (address !== null && !isIn(address))
      report(`ipv4/${name}`, `is not an address of ${ipv4.subnet}`);
  if (gateway !== null && gateway === service)
    report('ipv4/service', 'is the address of the gateway');
  if (dhcp === null) return;
  if (service === null) report('ipv4/service', 'a network that leases addresses needs one');
  const first = parseIpv4(dhcp.first) ?? 0;
  const last = parseIpv4(dhcp.last) ?? 0;
  for (const end of ['first', 'last'] as const)
    if (!isIn(dhcp[end])) report(`ipv4/dhcp/${end}`, `is not an address of ${ipv4.subnet}`);
  if (first > last) report('ipv4/dhcp/last', 'is below the first address');
  for (const [name, address] of Object.entries({ gateway, service })) {
    const value = address === null ? undefined : parseIpv4(address);
    if (value !== undefined && value >= first && value <= last)
      report(`ipv4/${name}`, 'is among the addresses that are leased');
  }
  const renew = dhcp.renewSeconds ?? dhcp.leaseSeconds / 2;
  const rebind = dhcp.rebindSeconds ?? (dhcp.leaseSeconds * 7) / 8;
  if (renew >= rebind)
    report(
      'ipv4/dhcp/renewSeconds',
      `is ${renew}, and any server is asked after ${rebind} already`,
    );
  if (rebind >= dhcp.leaseSeconds)
    report(
      'ipv4/dhcp/rebindSeconds',
      `is ${rebind}, and the lease ends after ${dhcp.leaseSeconds}`,
    );
  judgeOptions(dhcp.options, report);
}

function judgeOptions(options: readonly DhcpOption[], report: Report): void {
  const codes = new Set<number>();
  for (const [index, { code }] of options.entries()) {
    const path = `ipv4/dhcp/options/${index}/code`;
    const settled = settledOptions[code];
    if (settled !== undefined) report(path, `${code} is sent already, as ${settled}`);
    if (codes.has(code)) report(path, `${code} is there twice`);
    codes.add(code);
  }
}

const freeOne = 'left out, it is a free one';

/** A host that has an address in the network cannot have two networks of the same addresses. */
function judgePlace({ subnet: text }: NetworkIpv4, around: Surroundings, report: Report): void {
  const subnet = parseSubnet(text);
  if (subnet === undefined) return;
  for (const other of around.others) {
    if (!hasHostAddress(other.type) || other.ipv4 === null) continue;
    const theirs = parseSubnet(other.ipv4.subnet);
    if (theirs !== undefined && overlaps(subnet, theirs))
      report(
        'ipv4/subnet',
        `overlaps with ${other.ipv4.subnet} of network ${other.name}; ${freeOne}`,
      );
  }
  for (const { name, facts } of around.hosts)
    for (const at of facts?.interfaces ?? [])
      for (const address of at.addresses) {
        const theirs = parseSubnet(address);
        if (theirs !== undefined && overlaps(subnet, theirs))
          report(
            'ipv4/subnet',
            `overlaps with ${address} of ${at.name} on host ${name}; ${freeOne}`,
          );
      }
}

function judgeReservations({ ipv4, reservations }: NetworkDocument, report: Report): void {
  if (reservations.length === 0) return;
  if (ipv4 === null || ipv4.dhcp === null)
    return report('reservations', 'are for networks that lease addresses');
  const subnet = parseSubnet(ipv4.subnet);
  const taken = new Map<string, string>();
  for (const address of [ipv4.gateway, ipv4.service])
    if (address !== null) taken.set(address, 'the gateway or the service');
  for (const [index, { mac, address }] of reservations.entries()) {
    const path = `reservations/${index}`;
    if (subnet === undefined || !isHostOf(subnet, parseIpv4(address) ?? -1))
      report(`${path}/address`, `is not an address of ${ipv4.subnet}`);
    const holder = taken.get(address);
    if (holder !== undefined) report(`${path}/address`, `is the address of ${holder}`);
    if (taken.has(mac)) report(`${path}/mac`, 'has a reservation already');
    taken.set(address, mac);
    taken.set(mac, address);
  }
}

function judgeForwards(network: NetworkDocument, around: Surroundings, report: Report): void {
  const { ipv4, ipv6, forwards } = network;
  const subnet = ipv4 === null ? undefined : parseSubnet(ipv4.subnet);
  const taken = new Map<string, string>();
  for (const other of around.others)
    for (const forward of other.forwards) taken.set(forwardKey(forward), `network ${other.name}`);
  for (const [index, forward] of forwards.entries()) {
    const path = `forwards/${index}`;
    const isOurs = forward.address.includes(':')
      ? isInPrefix(ipv6?.prefix ?? '', forward.address)
      : subnet !== undefined && isHostOf(subnet, parseIpv4(forward.address) ?? -1);
    if (!isOurs) report(`${path}/address`, 'is not an address of the network');
    const { hostAddress } = forward;
    if (hostAddress !== null && hostAddress.includes(':') !== forward.address.includes(':'))
      report(`${path}/hostAddress`, 'is of the other version of IP');
    const key = forwardKey(forward);
    const holder = taken.get(key);
    if (holder !== undefined)
      report(`${path}/hostPort`, `${forward.hostPort} is forwarded by ${holder} already`);
    taken.set(key, 'this network');
  }
}

function forwardKey({
  protocol,
  hostAddress,
  hostPort,
  address,
}: NetworkDocument['forwards'][number]): string {
  const version = address.includes(':') ? 6 : 4;
  return `${protocol}/${version}/${hostAddress ?? 'any'}/${hostPort}`;
}

/** What is in use, as far as it is known. */
export function takenSubnets({ others, hosts }: Surroundings): readonly Subnet[] {
  const texts = [
    ...others.flatMap(({ ipv4 }) => ipv4?.subnet ?? []),
    ...hosts.flatMap(({ facts }) => facts?.interfaces.flatMap(({ addresses }) => addresses) ?? []),
  ];
  return texts.flatMap((text) => parseSubnet(text) ?? []);
}
