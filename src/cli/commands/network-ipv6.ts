/** IPv6 of networks on the command line: options, what they mean for a request, and how it is shown. */
import { ipv6Addressings, ipv6Outsides, type Network, type NetworkCreate } from '#api';
import type { Values } from '../command.ts';

export const ipv6Options = {
  ipv6: { type: 'text', value: 'PREFIX', meaning: 'prefix of 64 bits, or auto, or none' },
  'ipv6-addresses': {
    type: 'text',
    words: Object.keys(ipv6Addressings) as readonly (keyof typeof ipv6Addressings)[],
    value: 'HOW',
    meaning: 'vms give themselves addresses (slaac, default) or the service leases them (dhcp)',
  },
  'ipv6-outside': {
    type: 'text',
    words: Object.keys(ipv6Outsides) as readonly (keyof typeof ipv6Outsides)[],
    value: 'HOW',
    meaning:
      'vms of a nat network are seen as the host (translated, default) or as they are (routed)',
  },
} as const;

/** `before` is what the network has already. */
export function ipv6Of(
  options: Values<typeof ipv6Options>,
  before: Network['ipv6'] = null,
): Partial<Pick<NetworkCreate, 'ipv6'>> {
  const { ipv6: prefix, 'ipv6-addresses': addressing, 'ipv6-outside': outside } = options;
  if (prefix === undefined && addressing === undefined && outside === undefined) return {};
  if (prefix === 'none') return { ipv6: null };
  // What is left out gets its default from the server.
  return {
    ipv6: {
      ...before,
      ...(prefix === undefined || prefix === 'auto' ? {} : { prefix }),
      ...(addressing === undefined ? {} : { addressing }),
      ...(outside === undefined ? {} : { outside }),
    } as NonNullable<NetworkCreate['ipv6']>,
  };
}

export function showIpv6({ ipv6, type }: Network): readonly (readonly [string, string])[] {
  if (ipv6 === null) return [];
  return [
    ['ipv6', `${ipv6.prefix}: ${ipv6Addressings[ipv6.addressing]}`],
    ...(type === 'nat' ? [['seen outside as', ipv6Outsides[ipv6.outside]] as const] : []),
  ];
}
