/**
 * IPv6 of networks: a prefix of 64 bits, in which the host is the first address and the service the second one.
 * Arithmetic on addresses and prefixes (RFC 4291); pure; addresses are 128-bit numbers inside and text outside.
 */
import { z } from 'zod';

/** Undefined for what is no address. A part in dotted decimals is none of ours. */
export function parseIpv6(text: string): bigint | undefined {
  if (!z.ipv6().safeParse(text).success || text.includes('.')) return undefined;
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...Array<string>(Math.max(0, zeros)).fill('0'), ...last];
  return all.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}

/** The longest run of zeros is left out (RFC 5952 4). */
export function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - at * 16)) & 0xffffn).toString(16),
  );
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)];
  const [longest] = runs.sort(([one], [other]) => other.length - one.length);
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  const before = text.slice(0, longest.index);
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}

/** Of `fd00:1:2:3::/64`, its first address; undefined for what is no prefix of 64 bits. */
export function parsePrefix(text: string): bigint | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const value = parseIpv6(address);
  if (value === undefined || length !== '64' || rest.length > 0) return undefined;
  return (value >> 64n) << 64n;
}

export function isInPrefix(prefix: string, address: string): boolean {
  const value = parseIpv6(address);
  return value !== undefined && parsePrefix(prefix) === (value >> 64n) << 64n;
}

/** The prefix in its shortest form, without what stands behind its 64 bits. */
export function formatPrefix(prefix: string): string {
  return `${addressIn(prefix, 0)}/64`;
}

/** The address with this number in the prefix: 1 is the host's, 2 the service's. Errors: none for a prefix that was parsed. */
export function addressIn(prefix: string, number: number): string {
  return formatIpv6((parsePrefix(prefix) ?? 0n) + BigInt(number));
}

/** How vms get their addresses. */
export const ipv6Addressings = {
  slaac: 'vms give themselves addresses of the prefix (router advertisements)',
  dhcp: 'the service leases addresses (DHCPv6)',
} as const;
/** What the world outside a nat network sees of its vms. */
export const ipv6Outsides = {
  translated: "the host's address (NAT66); vms are reached by port forwards",
  routed: 'their own addresses; the way to the prefix leads to the host, and vms are reached',
} as const;

const prefix = z
  .cidrv6({ abort: true })
  .refine((text) => parsePrefix(text) !== undefined, 'is not a prefix of 64 bits')
  .meta({ description: 'of 64 bits, for example fd12:3456:789a:1::/64' });
const keys = <T extends object>(table: T): [keyof T & string, ...(keyof T & string)[]] =>
  Object.keys(table) as [keyof T & string, ...(keyof T & string)[]];
const addressing = z.enum(keys(ipv6Addressings)).default('slaac');
const outside = z.enum(keys(ipv6Outsides)).default('translated').meta({
  description: 'of a nat network',
});

export const networkIpv6Schema = z
  .strictObject({ prefix, addressing, outside })
  .meta({ id: 'NetworkIpv6', description: 'IPv6 of a network' });
export type NetworkIpv6 = z.infer<typeof networkIpv6Schema>;

export const networkIpv6InputSchema = z
  .strictObject({
    prefix: prefix.optional().meta({ description: 'default: a random one of RFC 4193' }),
    addressing,
    outside,
  })
  .meta({ id: 'NetworkIpv6Input' });
export type NetworkIpv6Input = z.infer<typeof networkIpv6InputSchema>;
