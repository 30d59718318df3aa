/**
 * The configuration of a network's DHCP and DNS service (dnsmasq(8)), and the names of its vms. Pure; every
 * value has been parsed by the contract, so none can bring a line of its own.
 */
import { netmaskOf, parseSubnet, type NetworkSpec } from '#api';

export interface ServicePlaces {
  readonly folder: string;
  readonly config: string;
  readonly hosts: string;
  readonly leases: string;
  readonly log: string;
  /** Which term of a network that spans hosts the leases are of. */
  readonly term: string;
}

export interface KnownAdapter {
  readonly mac: string;
  readonly vmName: string;
}

/** Undefined for a network without a service. */
export function writeServiceConfig(
  { type, ipv4, span, domain }: NetworkSpec,
  places: ServicePlaces,
  upstream: readonly string[],
): string | undefined {
  if (ipv4 === null || ipv4.service === null) return undefined;
  const { dhcp, service, gateway } = ipv4;
  const subnet = parseSubnet(ipv4.subnet);
  const lines = [
    // Another address takes another namespace: it is not dnsmasq that has it.
    `# ${service} in ${ipv4.subnet}, by way of ${gateway ?? 'nothing'}`,
    'keep-in-foreground',
    'pid-file=',
    'log-facility=-',
    'interface=eth0',
    'except-interface=lo',
    'bind-dynamic',
    'no-hosts',
    'no-resolv',
    'no-poll',
    ...(type === 'nat' ? upstream.map((address) => `server=${address}`) : []),
    ...(domain === '' ? [] : [`domain=${domain}`, `local=/${domain}/`, 'expand-hosts']),
  ];
  if (dhcp === null || subnet === undefined) return `${lines.join('\n')}\n`;
  const { first, last, leaseSeconds, renewSeconds, rebindSeconds, winsServers } = dhcp;
  const dns = ipv4.dnsServers.length > 0 ? ipv4.dnsServers : [service];
  lines.push(
    `dhcp-range=${first},${last},${netmaskOf(subnet)},${leaseSeconds}`,
    `dhcp-leasefile=${places.leases}`,
    `dhcp-hostsfile=${places.hosts}`,
    'dhcp-authoritative',
    'dhcp-broadcast',
    'dhcp-ignore-names=tag:!known',
    // All addresses of the network are given by this service: asking first costs each new vm three seconds.
    'no-ping',
    'quiet-dhcp',
    // An option without a value is one that is not sent.
    ['dhcp-option=option:router', gateway].filter((part) => part !== null).join(','),
    `dhcp-option=option:dns-server,${dns.join(',')}`,
    ...(span === null ? [] : [`dhcp-option=option:mtu,${span.mtu}`]),
    ...(winsServers.length === 0 ? [] : [`dhcp-option=option:netbios-ns,${winsServers.join(',')}`]),
    ...(renewSeconds === null ? [] : [`dhcp-option=option:T1,${renewSeconds}`]),
    ...(rebindSeconds === null ? [] : [`dhcp-option=option:T2,${rebindSeconds}`]),
  );
  return `${lines.join('\n')}\n`;
}

/** Reservations, and the names of vms by the addresses of their adapters. */
export function writeHosts({ reservations }: NetworkSpec, known: readonly KnownAdapter[]): string {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { mac, vmName } of known) {
    const name = hostNameOf(vmName);
    if (name === undefined || taken.has(name)) continue;
    taken.add(name);
    names.set(mac, name);
  }
  const fixed = new Map(reservations.map(({ mac, address }) => [mac, address]));
  const macs = new Set([...fixed.keys(), ...known.map(({ mac }) => mac)]);
  return [...macs]
    .sort()
    .map((mac) => [mac, fixed.get(mac), names.get(mac)].filter(Boolean).join(','))
    .map((line) => `${line}\n`)
    .join('');
}

/** `Web 1` is `web-1`; undefined where nothing remains (RFC 1123 2.1). */
export function hostNameOf(vmName: string): string | undefined {
  const name = vmName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? undefined : name;
}

/** Name servers of the host that can be reached from elsewhere on it (resolv.conf(5)). */
export function upstreamServers(resolvConf: string): readonly string[] {
  return resolvConf
    .split('\n')
    .flatMap((line) => /^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/.exec(line)?.[1] ?? [])
    .filter((address) => !address.startsWith('127.'))
    .slice(0, 3);
}
