/** The leases of a network's service, out of its file and into one: `expiry mac address name client-id` (dnsmasq(8)). */
import { hostLeaseSchema, type HostLease, type NetworkSpec } from '#api';
import { isoTime } from '#lib';

const maxLeases = 65_536;

export function parseLeases(text: string, { ipv4 }: NetworkSpec): readonly HostLease[] {
  const leaseSeconds = ipv4?.dhcp?.leaseSeconds ?? 0;
  const leases: HostLease[] = [];
  for (const line of text.split('\n')) {
    const [expiry = '', mac = '', address = '', name = '*'] = line.split(' ');
    const expiresMs = Number(expiry) * 1000;
    if (!/^\d{1,12}$/.test(expiry) || leases.length >= maxLeases) continue;
    const lease = hostLeaseSchema.safeParse({
      address,
      mac,
      hostName: name === '*' ? null : name.slice(0, 256),
      startsAt: isoTime(expiresMs - leaseSeconds * 1000),
      expiresAt: isoTime(expiresMs),
    });
    // A line of IPv6, or one that is being written: what is not a lease is left out.
    if (lease.success) leases.push(lease.data);
  }
  return leases;
}

/** For a service that goes on where another one was; it knows guests again by their MAC addresses. */
export function writeLeases(leases: readonly HostLease[]): string {
  return leases
    .map(({ expiresAt, mac, address, hostName }) => {
      const name = hostName !== null && /^[A-Za-z0-9._-]+$/.test(hostName) ? hostName : '*';
      return `${Math.round(Date.parse(expiresAt) / 1000)} ${mac} ${address} ${name} *\n`;
    })
    .join('');
}
