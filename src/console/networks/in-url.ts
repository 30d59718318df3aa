/** An address as it stands before a port (RFC 3986 3.2.2). */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
