/**
 * A network as somebody wants it, read from libvirt's "Network XML format". What hosts of Gantry choose by themselves (names and
 * MAC addresses of bridges, their spanning trees) is passed over; what a network here cannot have is refused, all of it by
 * name. Pure.
 */
import {
  formatSubnet,
  parseIpv4,
  parseSubnet,
  type NetworkReservation,
  type NetworkType,
} from '#api';
import { attributeOf, find, findAll, textOf, type XmlNode } from '#foreign';
import { libvirtFault } from '#libvirt';
import { usualLeaseSeconds } from '../own-network-xml.ts';
import { countOf, Lost, readRoot } from './xml-words.ts';

export interface DhcpWish {
  readonly first: string;
  readonly last: string;
  readonly leaseSeconds: number;
  readonly boot: { readonly server: string | null; readonly file: string } | null;
}

export interface NetworkWish {
  readonly name: string;
  /** Lower case; undefined: Gantry gives one. */
  readonly uuid: string | undefined;
  readonly description: string;
  readonly type: NetworkType;
  readonly adapter: string | null;
  readonly vlan: number | null;
  readonly domain: string;
  /** `address`: of the host there. Null: no addresses. */
  readonly ip: {
    readonly subnet: string;
    readonly address: string;
    readonly dhcp: DhcpWish | null;
  } | null;
  readonly reservations: readonly NetworkReservation[];
}

const known = 'name uuid description forward bridge mac domain dns ip vlan'.split(' ');

/** Errors: XML_ERROR; CONFIG_UNSUPPORTED with all that a network here cannot have. */
export function readNetwork(text: string): NetworkWish {
  const root = readRoot(text, 'network');
  const lost = new Lost();
  lost.others(root, '', known);
  // How many use it is what libvirt adds when it tells of one.
  attributesBut(root, 'network', ['connections'], lost);
  const forward = find(root, 'forward');
  const ips = findAll(root, 'ip');
  const mode = forward === undefined ? 'none' : (attributeOf(forward, 'mode') ?? 'nat');
  const type = lost.choose('forward mode', mode, {
    none: ips.length === 0 ? 'internal' : 'host-only',
    nat: 'nat',
    bridge: 'bridged',
  } as const satisfies Record<string, NetworkType>);
  readForward(forward, mode, lost);
  readBridge(find(root, 'bridge'), lost);
  readNames(root, lost);
  if (ips.length > 1) lost.add(`${ips.length} ip elements`);
  const wish: NetworkWish = {
    name: textOf(find(root, 'name')) ?? missing('a name'),
    uuid: uuidOf(textOf(find(root, 'uuid'))),
    description: textOf(find(root, 'description')) ?? '',
    type: type ?? 'internal',
    adapter: type === 'bridged' ? adapterOf(root, lost) : null,
    vlan: vlanOf(find(root, 'vlan'), lost),
    domain: attributeOf(find(root, 'domain'), 'name')?.toLowerCase() ?? '',
    ip: ipOf(ips[0], lost),
    reservations: findAll(find(ips[0], 'dhcp'), 'host').map((host) => readReservation(host, lost)),
  };
  lost.refuse('network');
  return wish;
}

/** Its name alone, of which nothing else need be known. Errors: XML_ERROR. */
export function readNetworkName(text: string): string {
  return textOf(find(readRoot(text, 'network'), 'name')) ?? missing('a name');
}

/** An element `host` by itself. Errors: as readNetwork. */
export function readHost(text: string): Partial<NetworkReservation> {
  const lost = new Lost();
  const root = readRoot(text, 'host');
  attributesBut(root, 'dhcp/host', ['mac', 'ip'], lost);
  lost.others(root, 'dhcp/host', []);
  lost.refuse('network');
  const [mac, address] = [attributeOf(root, 'mac')?.toLowerCase(), attributeOf(root, 'ip')];
  return { ...(mac === undefined ? {} : { mac }), ...(address === undefined ? {} : { address }) };
}

/** An element `range` by itself. Errors: as readNetwork. */
export function readRange(text: string): DhcpWish {
  const lost = new Lost();
  const range = rangeOf(readRoot(text, 'range'), lost);
  lost.refuse('network');
  return { ...range, boot: null };
}

function readForward(forward: XmlNode | undefined, mode: string, lost: Lost): void {
  // A device is where a bridged network is; others go out as their host does.
  const devices = mode === 'bridge' ? ['dev'] : [];
  attributesBut(forward, 'forward', ['mode', ...devices], lost);
  lost.others(forward, 'forward', mode === 'bridge' ? ['interface'] : ['nat']);
  const nat = find(forward, 'nat');
  attributesBut(nat, 'forward/nat', [], lost);
  lost.others(nat, 'forward/nat', ['port']);
  const port = find(nat, 'port');
  // What libvirt itself adds to every one that it tells of.
  const isUsual = attributeOf(port, 'start') === '1024' && attributeOf(port, 'end') === '65535';
  if (port !== undefined && !isUsual) lost.add('forward/nat/port');
}

function readBridge(bridge: XmlNode | undefined, lost: Lost): void {
  attributesBut(bridge, 'bridge', ['name', 'stp', 'delay'], lost);
}

function readNames(root: XmlNode, lost: Lost): void {
  const domain = find(root, 'domain');
  // What it says where nothing is said, and what Terraform's provider says unasked, is not worth a refusal: a
  // network has a service for names, and questions about its own never leave it.
  attributesBut(domain, 'domain', ['name', 'localOnly'], lost);
  const dns = find(root, 'dns');
  lost.others(dns, 'dns', []);
  attributesBut(dns, 'dns', ['enable'], lost);
}

function adapterOf(root: XmlNode, lost: Lost): string | null {
  const forward = find(root, 'forward');
  const named = [
    attributeOf(find(root, 'bridge'), 'name'),
    attributeOf(forward, 'dev'),
    ...findAll(forward, 'interface').map((one) => attributeOf(one, 'dev')),
  ].filter((name) => name !== undefined);
  const [adapter, ...others] = new Set(named);
  if (others.length > 0) lost.add(`second adapter ${others[0]}`);
  return adapter ?? null;
}

function vlanOf(vlan: XmlNode | undefined, lost: Lost): number | null {
  attributesBut(vlan, 'vlan', [], lost);
  lost.others(vlan, 'vlan', ['tag']);
  const [tag, ...others] = findAll(vlan, 'tag');
  if (others.length > 0) lost.add('vlan with several tags');
  attributesBut(tag, 'vlan/tag', ['id'], lost);
  return countOf(attributeOf(tag, 'id'), 'the tag of a vlan') ?? null;
}

function ipOf(ip: XmlNode | undefined, lost: Lost): NetworkWish['ip'] {
  if (ip === undefined) return null;
  attributesBut(ip, 'ip', ['family', 'address', 'netmask', 'prefix'], lost);
  lost.others(ip, 'ip', ['dhcp']);
  if ((attributeOf(ip, 'family') ?? 'ipv4') !== 'ipv4') {
    lost.add(`ip family ${attributeOf(ip, 'family')}`);
    return null;
  }
  const address = attributeOf(ip, 'address') ?? missing('the address of <ip>');
  const bits = attributeOf(ip, 'prefix') ?? bitsOf(attributeOf(ip, 'netmask'));
  const subnet = parseSubnet(`${address}/${bits}`);
  if (subnet === undefined)
    throw libvirtFault(
      'XML_ERROR',
      `XML error: <ip> has no netmask or prefix that goes with ${address.slice(0, 50)}`,
    );
  return { subnet: formatSubnet(subnet), address, dhcp: dhcpOf(find(ip, 'dhcp'), lost) };
}

function bitsOf(netmask: string | undefined): number | undefined {
  const value = parseIpv4(netmask ?? '');
  if (value === undefined) return undefined;
  const bits = Math.clz32(~value);
  return 2 ** 32 - 2 ** (32 - bits) === value ? bits : undefined;
}

function dhcpOf(dhcp: XmlNode | undefined, lost: Lost): DhcpWish | null {
  if (dhcp === undefined) return null;
  lost.others(dhcp, 'dhcp', ['range', 'host', 'bootp']);
  const [range, ...others] = findAll(dhcp, 'range');
  if (others.length > 0) lost.add('second dhcp/range');
  if (range === undefined) {
    if (dhcp.children.length > 0) lost.add('dhcp without a range');
    return null;
  }
  return { ...rangeOf(range, lost), boot: bootOf(find(dhcp, 'bootp'), lost) };
}

function rangeOf(range: XmlNode, lost: Lost): Omit<DhcpWish, 'boot'> {
  attributesBut(range, 'dhcp/range', ['start', 'end'], lost);
  lost.others(range, 'dhcp/range', ['lease']);
  return {
    first: attributeOf(range, 'start') ?? missing('the start of a range'),
    last: attributeOf(range, 'end') ?? missing('the end of a range'),
    leaseSeconds: leaseOf(find(range, 'lease')),
  };
}

const secondsOf: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: 3600 };

function leaseOf(lease: XmlNode | undefined): number {
  if (lease === undefined) return usualLeaseSeconds;
  const unit = attributeOf(lease, 'unit') ?? 'minutes';
  const count = countOf(attributeOf(lease, 'expiry'), 'the expiry of a lease');
  const seconds = Object.hasOwn(secondsOf, unit) ? secondsOf[unit] : undefined;
  if (count === undefined || seconds === undefined) return missing('expiry and unit of a lease');
  return count * seconds;
}

function bootOf(bootp: XmlNode | undefined, lost: Lost): DhcpWish['boot'] {
  if (bootp === undefined) return null;
  attributesBut(bootp, 'dhcp/bootp', ['file', 'server'], lost);
  return {
    file: attributeOf(bootp, 'file') ?? missing('the file of <bootp>'),
    server: attributeOf(bootp, 'server') ?? null,
  };
}

/** Vms have their own names, so that one for an address would be another one. */
function readReservation(host: XmlNode, lost: Lost): NetworkReservation {
  attributesBut(host, 'dhcp/host', ['mac', 'ip'], lost);
  lost.others(host, 'dhcp/host', []);
  const [mac, address] = [attributeOf(host, 'mac'), attributeOf(host, 'ip')];
  if (mac === undefined || address === undefined) lost.add('dhcp/host without mac and ip');
  return { mac: mac?.toLowerCase() ?? '', address: address ?? '' };
}

function attributesBut(
  node: XmlNode | undefined,
  place: string,
  names: readonly string[],
  lost: Lost,
): void {
  for (const name of node?.attributes.keys() ?? [])
    if (!names.includes(name)) lost.add(`${place} ${name}`);
}

function uuidOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const digits = text.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits))
    throw libvirtFault('XML_ERROR', `XML error: malformed uuid element '${text.slice(0, 50)}'`);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function missing(what: string): never {
  throw libvirtFault('XML_ERROR', `XML error: the network lacks ${what}`);
}
