/** Gantry's networks in libvirt's words (its "Network XML format"). Pure; `define/network-wish.ts` reads the same. */
import { netmaskOf, parseSubnet, type NetworkType } from '#api';
import type { NetworkDocument } from '../documents.ts';
import { element, writeXml, type Element } from '../domain-xml/xml.ts';
import type { Document } from '../store/store.ts';

const forwardModes: Readonly<Record<NetworkType, string | undefined>> = {
  internal: undefined,
  'host-only': undefined,
  nat: 'nat',
  bridged: 'bridge',
};

/** How long an address is leased where XML does not say: the default of networks here. */
export const usualLeaseSeconds = 43_200;

export function writeNetworkXml({
  id,
  data,
}: Pick<Document<NetworkDocument>, 'id' | 'data'>): string {
  const mode = forwardModes[data.type];
  return writeXml(
    element('network', {}, [
      element('name', {}, data.name),
      element('uuid', {}, id),
      ...(data.description === '' ? [] : [element('description', {}, data.description)]),
      ...(mode === undefined ? [] : [element('forward', { mode })]),
      ...(data.adapter === null ? [] : [element('bridge', { name: data.adapter })]),
      ...(data.domain === '' ? [] : [element('domain', { name: data.domain })]),
      ...ipOf(data),
      ...(data.vlan === null ? [] : [element('vlan', {}, [element('tag', { id: data.vlan })])]),
    ]),
  );
}

function ipOf({ ipv4: addresses, reservations }: NetworkDocument): Element[] {
  const subnet = addresses === null ? undefined : parseSubnet(addresses.subnet);
  if (addresses === null || subnet === undefined) return [];
  const { gateway, service, dhcp } = addresses;
  return [
    element(
      'ip',
      { address: gateway ?? service ?? undefined, netmask: netmaskOf(subnet) },
      dhcp === null ? [] : [element('dhcp', {}, leasesOf(dhcp, reservations))],
    ),
  ];
}

function leasesOf(
  { first, last, leaseSeconds, boot }: NonNullable<NonNullable<NetworkDocument['ipv4']>['dhcp']>,
  reservations: NetworkDocument['reservations'],
): Element[] {
  const lease = element('lease', { expiry: leaseSeconds, unit: 'seconds' });
  return [
    element(
      'range',
      { start: first, end: last },
      leaseSeconds === usualLeaseSeconds ? [] : [lease],
    ),
    ...reservations.map(({ mac, address }) => element('host', { mac, ip: address })),
    ...(boot === null
      ? []
      : [element('bootp', { file: boot.file, server: boot.server ?? undefined })]),
  ];
}
