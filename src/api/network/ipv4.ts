/**
 * Arithmetic on IPv4 addresses and subnets (RFC 4632). Pure; addresses are unsigned 32-bit numbers inside
 * and dotted text outside.
 */

export interface Subnet {
  /** The first address, all host bits zero. */
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** Undefined for what is no dotted address. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** Of `10.1.2.3/24`, whatever its host bits are; undefined for what is no address with a length. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const value = parseIpv4(address);
  if (value === undefined || rest.length > 0 || !/^\d{1,2}$/.test(length)) return undefined;
  const bits = Number(length);
  if (bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const first = value - (value % size);
  return { first, last: first + size - 1, bits };
}

/** `10.1.2.0/24` */
export function formatSubnet({ first, bits }: Subnet): string {
  return `${formatIpv4(first)}/${bits}`;
}

/** `255.255.255.0` */
export function netmaskOf({ bits }: Subnet): string {
  return formatIpv4(2 ** 32 - 2 ** (32 - bits));
}

export function overlaps(one: Subnet, other: Subnet): boolean {
  return one.first <= other.last && other.first <= one.last;
}

/** Whether the address can be a machine's: neither the subnet's own nor its broadcast address. */
export function isHostOf(subnet: Subnet, address: number): boolean {
  return address > subnet.first && address < subnet.last;
}
