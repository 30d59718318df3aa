/**
 * The document of a network out of the few things that people say: what is left out gets a value that fits
 * type and subnet. Pure but for the randomness that is given.
 */
import { Fault } from '#lib';
import {
  formatIpv4,
  formatIpv6,
  formatPrefix,
  formatSubnet,
  networkIpv4Schema,
  overlaps,
  parseIpv4,
  parseSubnet,
  type NetworkCreate,
  type NetworkIpv4,
  type NetworkIpv6,
  type NetworkType,
  type Subnet,
} from '#api';
import type { NetworkDocument } from '../../documents.ts';
import { issuesFault } from '../issues.ts';
import type { RandomBytes } from '../vm-identity.ts';

const maxAttempts = 200;

export interface MakeNetworkOptions {
  /** Subnets that something known uses. */
  readonly taken: readonly Subnet[];
  /** Numbers of tunnels that other networks have. */
  readonly vnis: ReadonlySet<number>;
  readonly random: RandomBytes;
}

/** Errors: `invalid` for what does not fit the type; `exhausted` where no subnet is free. */
export function makeNetwork(create: NetworkCreate, options: MakeNetworkOptions): NetworkDocument {
  const { id: _, ipv4: wanted, ipv6, span, ...rest } = create;
  return {
    ...rest,
    ipv4: makeIpv4(create, wanted, undefined, options),
    ipv6: makeIpv6(ipv6, undefined, options),
    span: span === null ? null : { ...span, vni: span.vni ?? chooseVni(options) },
  };
}

/** `before` is what the network has already: it keeps its subnet where none is given. */
export function makeIpv4(
  { name, type }: Pick<NetworkCreate, 'name' | 'type'>,
  wanted: NetworkCreate['ipv4'],
  before: NetworkIpv4 | undefined,
  options: MakeNetworkOptions,
): NetworkIpv4 | null {
  const asked = wanted === undefined ? (hasHostAddress(type) ? {} : null) : wanted;
  if (asked === null) return null;
  const text = asked.subnet ?? before?.subnet;
  if (type === 'bridged') requireNamed(name, asked, text);
  const subnet = text === undefined ? chooseSubnet(options) : parseSubnet(text);
  if (subnet === undefined || subnet.bits > 29 || subnet.bits < 8)
    throw wrong(name, 'ipv4/subnet', `${text} is not one of a length from 8 to 29, 10.80.0.0/24`);
  const gateway =
    asked.gateway === undefined
      ? hasHostAddress(type)
        ? formatIpv4(subnet.first + 1)
        : null
      : asked.gateway;
  const leased = asked.dhcp === null ? null : { ...defaultRange(subnet), ...asked.dhcp };
  const service =
    asked.service === undefined
      ? leased === null
        ? null
        : formatIpv4(subnet.first + (gateway === formatIpv4(subnet.first + 2) ? 1 : 2))
      : asked.service;
  return networkIpv4Schema.parse({
    subnet: formatSubnet(subnet),
    gateway,
    service,
    dhcp: leased,
    dnsServers: asked.dnsServers ?? [],
  });
}

/** Nothing of a physical network is guessed. Errors: `invalid`. */
function requireNamed(
  name: string,
  { service, dhcp }: NonNullable<NetworkCreate['ipv4']>,
  subnet: string | undefined,
): void {
  const missing = Object.entries({
    subnet,
    service,
    'dhcp/first': dhcp?.first,
    'dhcp/last': dhcp?.last,
  })
    .filter(([, value]) => value === undefined)
    .map(([path]) => ({ path: `ipv4/${path}`, problem: 'is that of the physical network' }));
  if (dhcp !== null && missing.length > 0) throw issuesFault(`network ${name}`, missing);
}

/** Whether the host itself has an address in networks of the type. */
export function hasHostAddress(type: NetworkType): boolean {
  return type === 'nat' || type === 'host-only';
}

/** Below the range there is room for addresses that people give. */
function defaultRange({ first, last }: Subnet): { readonly first: string; readonly last: string } {
  const below = Math.max(3, Math.min(100, Math.floor((last - first + 1) / 10)));
  return { first: formatIpv4(first + below), last: formatIpv4(last - 1) };
}

/** Of 10.64.0.0/10, which few use, one of 256 addresses that overlaps with nothing known. */
function chooseSubnet({ taken, random }: MakeNetworkOptions): Subnet {
  const pool = parseIpv4('10.64.0.0') ?? 0;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const [high = 0, low = 0] = random(2);
    const first = pool + (high % 64) * 65_536 + low * 256;
    const subnet = { first, last: first + 255, bits: 24 };
    if (!taken.some((other) => overlaps(other, subnet))) return subnet;
  }
  throw new Fault('exhausted', 'no free subnet was found', { hint: 'choose one: ipv4.subnet' });
}

/** `before` is what the network has already: it keeps its prefix where none is given. */
export function makeIpv6(
  wanted: NetworkCreate['ipv6'],
  before: NetworkIpv6 | undefined,
  { random }: Pick<MakeNetworkOptions, 'random'>,
): NetworkIpv6 | null {
  if (wanted === null) return null;
  const prefix = wanted.prefix ?? before?.prefix ?? randomPrefix(random);
  return { ...wanted, prefix: formatPrefix(prefix) };
}

/** A unique local one (RFC 4193 3.2): nobody else has it. */
function randomPrefix(random: RandomBytes): string {
  const digits = [0xfd, ...random(7)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${formatIpv6(BigInt(`0x${digits}`) << 64n)}/64`;
}

/** Low numbers are those that other products take first. */
function chooseVni({ vnis, random }: MakeNetworkOptions): number {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const [high = 0, middle = 0, low = 0] = random(3);
    const vni = ((high | 0x80) << 16) | (middle << 8) | low;
    if (!vnis.has(vni)) return vni;
  }
  throw new Fault('exhausted', 'no free number for tunnels was found', {
    hint: 'choose one: span.vni',
  });
}

function wrong(name: string, path: string, problem: string): Fault {
  return issuesFault(`network ${name}`, [{ path, problem }]);
}
