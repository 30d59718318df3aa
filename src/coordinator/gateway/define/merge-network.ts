/**
 * What somebody wants of a network, as the API is asked for it. Of one that is there only what differs from what XML says of it is
 * changed, so that everything XML cannot say stays. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { formatIpv4, isHostOf, parseIpv4, parseSubnet, type NetworkIpv4 } from '#api';
import { libvirtFault } from '#libvirt';
import type { NetworkDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { writeNetworkXml } from '../own-network-xml.ts';
import { readNetwork, type NetworkWish } from './network-wish.ts';

type Patch = Readonly<Record<string, unknown>>;

/** The body of network.create. Errors: CONFIG_UNSUPPORTED. */
export function newNetwork(wish: NetworkWish): Patch {
  const { uuid, ip, name, description, type, adapter, vlan, domain, reservations } = wish;
  return {
    ...(uuid === undefined ? {} : { id: uuid }),
    name,
    description,
    type,
    adapter,
    vlan,
    domain,
    reservations,
    ipv4: ip === null ? null : addressesOf(wish, null),
  };
}

/** The body of network.update. Errors: CONFIG_UNSUPPORTED. */
export function changedNetwork(
  wish: NetworkWish,
  before: Pick<Document<NetworkDocument>, 'id' | 'data'>,
): Patch {
  const shown = readNetwork(writeNetworkXml(before));
  if (wish.type !== shown.type)
    throw unsupported(
      `network ${wish.name} is ${shown.type} and stays so: undefine it, and define it anew`,
    );
  const names = ['description', 'adapter', 'vlan', 'domain', 'reservations'] as const;
  const changed = names.filter((name) => !isDeepStrictEqual(wish[name], shown[name]));
  const isMoved = !isDeepStrictEqual(wish.ip, shown.ip);
  return {
    ...Object.fromEntries(changed.map((name) => [name, wish[name]])),
    ...(isMoved ? { ipv4: wish.ip === null ? null : addressesOf(wish, before.data.ipv4) } : {}),
  };
}

/** The service of another subnet is another one. */
function addressesOf(wish: NetworkWish, before: NetworkIpv4 | null): Patch {
  const { ip, type, name, reservations } = wish;
  if (ip === null) return {};
  if (type === 'bridged')
    throw unsupported(
      `addresses of the bridged network ${name} are given by its physical network; to lease some there: gantry network set ${name} --accept physical-dhcp`,
    );
  const { subnet, address: gateway, dhcp } = ip;
  const kept = before?.subnet === subnet ? before : null;
  // One without a router is told by the address of its service.
  if (before !== null && before.gateway === null)
    throw unsupported(
      `network ${name} has no address of its host: gantry network set ${name} changes what it has`,
    );
  const around = { subnet, gateway, reservations, before: kept?.service ?? null };
  const placed = dhcp === null ? null : placeService(dhcp, around);
  return {
    ...(kept === null ? {} : { dnsServers: kept.dnsServers }),
    subnet,
    gateway,
    service: placed === null ? (kept?.service ?? null) : placed.service,
    dhcp:
      dhcp === null || placed === null
        ? null
        : {
            ...kept?.dhcp,
            first: placed.first,
            last: placed.last,
            leaseSeconds: dhcp.leaseSeconds,
            boot: dhcp.boot === null ? null : { uefiFile: null, ...kept?.dhcp?.boot, ...dhcp.boot },
          },
  };
}

interface Around {
  readonly subnet: string;
  readonly gateway: string;
  readonly reservations: NetworkWish['reservations'];
  /** The service that the network has. */
  readonly before: string | null;
}

interface Placed {
  readonly service: string;
  readonly first: string;
  readonly last: string;
}

/**
 * Leases and names are given by an address of the network, where libvirt has the host's own for that: the first that is neither
 * leased nor reserved, and where there is none, as in libvirt's own network `default`, an end of the range, which is
 * shorter then. Pure. Errors: CONFIG_UNSUPPORTED.
 */
export function placeService(
  { first, last }: { readonly first: string; readonly last: string },
  { subnet: text, gateway, reservations, before }: Around,
): Placed {
  const subnet = parseSubnet(text);
  const [low, high] = [parseIpv4(first), parseIpv4(last)];
  // What is no address, or none of the subnet, is told by who makes the network.
  if (subnet === undefined || low === undefined || high === undefined || low > high)
    return { service: before ?? gateway, first, last };
  const taken = new Set([gateway, ...reservations.map(({ address }) => address)]);
  const isFree = (value: number): boolean =>
    isHostOf(subnet, value) && !taken.has(formatIpv4(value));
  const isOutside = (value: number): boolean => isFree(value) && (value < low || value > high);
  if (before !== null && isOutside(parseIpv4(before) ?? low))
    return { service: before, first, last };
  for (let value = subnet.first + 1; value < low; value += 1)
    if (isOutside(value)) return { service: formatIpv4(value), first, last };
  for (let value = high + 1; value < subnet.last; value += 1)
    if (isOutside(value)) return { service: formatIpv4(value), first, last };
  if (low < high && isFree(low))
    return { service: formatIpv4(low), first: formatIpv4(low + 1), last };
  if (low < high && isFree(high))
    return { service: formatIpv4(high), first, last: formatIpv4(high - 1) };
  throw unsupported(
    `the range ${first} to ${last} leaves no address of ${text} for the network's own service: leave one out`,
  );
}

function unsupported(text: string): Error {
  return libvirtFault('CONFIG_UNSUPPORTED', `unsupported configuration: ${text}`);
}
