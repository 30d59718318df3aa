/**
 * The configuration of a network's DHCP and DNS service (dnsmasq(8)), and the names of its vms. Pure; every
 * value has been parsed by the contract, so none can bring a line of its own.
 */
import {
  addressIn,
  domainSearch,
  netmaskOf,
  optionBytes,
  parseSubnet,
  type DhcpBoot,
  type DhcpOption,
  type NetworkIpv6,
  type NetworkSpec,
} from '#api';
import type { MachineFile } from '../../machine/record.ts';

const leaseSeconds6 = 43_200;
/** Three times what is usual between advertisements (RFC 4861 6.2.1). */
const routerSeconds = 1_800;

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

/** Those of the machines that are plugged into the network. */
export function adaptersOn(
  files: Iterable<Pick<MachineFile, 'definition'>>,
  network: string,
): readonly KnownAdapter[] {
  const adapters: KnownAdapter[] = [];
  for (const { definition } of files)
    for (const { mac, attachment } of definition.hardware.adapters)
      if (attachment.kind === 'network' && attachment.network === network)
        adapters.push({ mac, vmName: definition.name });
  return adapters;
}

/** Undefined for a network without a service. */
export function writeServiceConfig(
  { id, type, ipv4, ipv6, span, domain }: NetworkSpec,
  places: ServicePlaces,
  upstream: readonly string[],
): string | undefined {
  if (ipv4 === null || ipv4.service === null) return undefined;
  const { dhcp, service, gateway } = ipv4;
  const subnet = parseSubnet(ipv4.subnet);
  const lines = [
    // Another address takes another namespace: it is not dnsmasq that has it.
    `# ${service} in ${ipv4.subnet}, by way of ${gateway ?? 'nothing'}`,
    ...(ipv6 === null ? [] : [`# ${addressIn(ipv6.prefix, 2)}`]),
    'keep-in-foreground',
    'pid-file=',
    'log-facility=-',
    'interface=eth0',
    'except-interface=lo',
    'bind-dynamic',
    'no-hosts',
    'no-resolv',
    'no-poll',
    // Whoever is on the physical network could ask it.
    ...(type === 'bridged' ? ['port=0'] : []),
    ...(type === 'nat' ? upstream.map((address) => `server=${address}`) : []),
    ...(domain === '' ? [] : [`domain=${domain}`, `local=/${domain}/`, 'expand-hosts']),
  ];
  if (dhcp !== null || ipv6 !== null)
    lines.push(
      `dhcp-leasefile=${places.leases}`,
      `dhcp-hostsfile=${places.hosts}`,
      // On a physical network others may serve: devices there are theirs.
      type === 'bridged' ? 'dhcp-ignore=tag:!known' : 'dhcp-authoritative',
      'dhcp-ignore-names=tag:!known',
      'quiet-dhcp',
    );
  if (ipv6 !== null) lines.push(serverId(id), ...ipv6Lines(type, ipv6, span));
  if (dhcp === null || subnet === undefined) return `${lines.join('\n')}\n`;
  const { first, last, leaseSeconds, renewSeconds, rebindSeconds, winsServers, options, boot } =
    dhcp;
  const ownNames = type === 'bridged' ? [] : [service];
  const dns = ipv4.dnsServers.length > 0 ? ipv4.dnsServers : ownNames;
  lines.push(
    `dhcp-range=${first},${last},${netmaskOf(subnet)},${leaseSeconds}`,
    'dhcp-broadcast',
    // Where all addresses are given by this service, asking first only costs each new vm three seconds.
    ...(type === 'bridged' ? [] : ['no-ping']),
    // An option without a value is one that is not sent.
    ['dhcp-option=option:router', gateway].filter((part) => part !== null).join(','),
    ['dhcp-option=option:dns-server', ...dns].join(','),
    ...(span === null ? [] : [`dhcp-option=option:mtu,${span.mtu}`]),
    ...(winsServers.length === 0 ? [] : [`dhcp-option=option:netbios-ns,${winsServers.join(',')}`]),
    ...(renewSeconds === null ? [] : [`dhcp-option=option:T1,${renewSeconds}`]),
    ...(rebindSeconds === null ? [] : [`dhcp-option=option:T2,${rebindSeconds}`]),
    ...options.map(optionLine),
    ...(boot === null ? [] : bootLines(boot)),
  );
  return `${lines.join('\n')}\n`;
}

/** In the form that dnsmasq takes for what it is: it guesses by the look of a value, and numbers look like texts. */
function optionLine(option: DhcpOption): string {
  return `dhcp-option=${option.code},${optionValue(option)}`;
}

function optionValue({ code, kind, value }: DhcpOption): string {
  if (kind === 'addresses' || code === domainSearch) return value.replaceAll(' ', '');
  if (kind === 'text' && !/^\d+$/.test(value)) return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
  const bytes = [...(optionBytes({ kind, value }) ?? [])];
  if (bytes.length === 1) return String(bytes[0]);
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** What EFI calls itself on x86, ARM and with HTTP (RFC 4578 2.1, and the registry that it opened). */
const uefiClients = [6, 7, 9, 11, 16];

function bootLines({ server, file, uefiFile }: DhcpBoot): readonly string[] {
  const named = (tag: string, name: string): string =>
    `dhcp-boot=${tag}${name}${server === null ? '' : `,${server},${server}`}`;
  if (uefiFile === null) return [named('', file)];
  return [
    ...uefiClients.map((client) => `dhcp-match=set:uefi,option:client-arch,${client}`),
    named('tag:uefi,', uefiFile),
    named('tag:!uefi,', file),
  ];
}

/** Of an enterprise that is none (RFC 5612). */
const noEnterprise = 32_473;

/**
 * The service is the same one wherever it runs (RFC 8415 11.3). It could not make an identity of an address either:
 * its cable is put in when it is there.
 */
function serverId(network: string): string {
  const bytes = network.replaceAll('-', '').match(/../g) ?? [];
  return `dhcp-duid=${noEnterprise},${bytes.join(':')}`;
}

/**
 * The service advertises itself as router, and hands on to the host what is for outside (service.ts); where nothing
 * is outside it is none. Names of vms that give themselves addresses are found by asking whether they are there.
 */
function ipv6Lines(
  type: NetworkSpec['type'],
  { prefix, addressing }: NetworkIpv6,
  span: NetworkSpec['span'],
): readonly string[] {
  const range =
    addressing === 'dhcp'
      ? `${addressIn(prefix, 0x1000)},${addressIn(prefix, 0xffff)},64,${leaseSeconds6}`
      : `${addressIn(prefix, 0)},ra-stateless,ra-names,64,${leaseSeconds6}`;
  const mtu = span === null ? '' : `mtu:${span.mtu},`;
  return [
    'enable-ra',
    'quiet-dhcp6',
    'quiet-ra',
    `dhcp-range=${range}`,
    `ra-param=eth0,${mtu}0,${type === 'nat' ? routerSeconds : 0}`,
    `dhcp-option=option6:dns-server,[${addressIn(prefix, 2)}]`,
  ];
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
