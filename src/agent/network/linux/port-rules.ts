/**
 * What may pass the ports of a host, as chains of the bridge family (nft(8)), outside of every guest. Pure; every
 * value has been parsed by the contract, so none can bring a line of its own.
 *
 *   from a guest   prerouting: own MAC address, no DHCP answers, own IP addresses, then sent-gtap0
 *   to a guest     postrouting: received-gtap0
 *
 * A chain of a port lets through what belongs to something that was let through, in either direction, and remembers
 * what it lets through: in sets of the port, by the addresses and ports of both sides, for a while. The kernel's own
 * tracking is not for bridges everywhere, and would make one table of the connections of all networks, which may
 * have the same addresses. Each set has a bound, so that no guest can fill another's.
 */
import { isOpen, type Firewall, type FirewallRule } from '#api';
import type { RuledNetwork, RuledPort } from './ruleset.ts';

const tcpTimeout = '1h';
const otherTimeout = '3m';
const partTimeout = '30s';
const maxRemembered = 131_072;

const families = ['ip', 'ip6'] as const;
const directions = { outbound: 'sent', inbound: 'received' } as const;
type Direction = keyof typeof directions;

export interface FilteredPort extends RuledPort {
  readonly network: string;
}

/** Ports that something of does not pass. */
export function filteredPorts(
  ports: readonly RuledPort[],
  networks: readonly RuledNetwork[],
): readonly FilteredPort[] {
  return ports.flatMap((port) => {
    const on = networks.find(({ network }) => network.id === port.network);
    if (on === undefined || (isOpen(port.firewall) && isOpen(on.network.firewall))) return [];
    return [{ ...port, network: on.network.id }];
  });
}

/** Sets and chains that are jumped to; the hooks stand in ruleset.ts. */
export function portChains(
  ports: readonly FilteredPort[],
  networks: readonly RuledNetwork[],
): readonly string[] {
  const used = new Set(ports.map(({ network }) => network));
  return [
    ...ports.flatMap(({ tap }) => memory(tap)),
    ...networks
      .filter(({ network }) => used.has(network.id))
      .flatMap(({ network }) => ruleChains(network.id, network.firewall)),
    ...ports.flatMap(({ tap, network, firewall }) => [
      ...ruleChains(tap, firewall),
      ...judgeChain(tap, network, 'outbound'),
      ...judgeChain(tap, network, 'inbound'),
    ]),
  ];
}

/** `iifname vmap { "gtap0" : jump sent-gtap0 }` */
export function jumpRules(ports: readonly FilteredPort[], direction: Direction): string[] {
  if (ports.length === 0) return [];
  const name = direction === 'outbound' ? 'iifname' : 'oifname';
  const jumps = ports.map(({ tap }) => `"${tap}" : jump ${directions[direction]}-${tap}`);
  return [`${name} vmap { ${jumps.join(', ')} }`];
}

function memory(tap: string): readonly string[] {
  const set = (name: string, key: string, timeout: string): string =>
    `set ${name}-${tap} { typeof ${key}; size ${maxRemembered}; flags dynamic,timeout; timeout ${timeout}; }`;
  return [
    set('flows', 'ip saddr . ip daddr . meta l4proto . th sport . th dport', tcpTimeout),
    set('flows6', 'ip6 saddr . ip6 daddr . meta l4proto . th sport . th dport', tcpTimeout),
    set('echo', 'ip saddr . ip daddr . icmp id', otherTimeout),
    set('echo6', 'ip6 saddr . ip6 daddr . icmpv6 id', otherTimeout),
    set('parts', 'ip saddr . ip daddr . ip id', partTimeout),
  ];
}

/** What a network or an adapter says: returns where it allows, drops where it denies. */
function ruleChains(owner: string, firewall: Firewall): readonly string[] {
  return (['outbound', 'inbound'] as const).flatMap((direction) =>
    chain(`${directions[direction]}-rules-${owner}`, [
      ...firewall.rules.filter((rule) => rule.direction === direction).map(ruleLine),
      firewall[direction] === 'allow' ? 'return' : 'drop',
    ]),
  );
}

function ruleLine({ direction, action, protocol, address, ports }: FirewallRule): string {
  const far = direction === 'outbound' ? 'daddr' : 'saddr';
  const ranges = ports.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
  return [
    ...(address === null ? [] : [`${address.includes(':') ? 'ip6' : 'ip'} ${far} ${address}`]),
    ...(protocol === 'icmp' ? ['meta l4proto { icmp, ipv6-icmp }'] : []),
    ...(protocol === 'tcp' || protocol === 'udp' ? [`meta l4proto ${protocol}`] : []),
    ...(ranges.length === 0 ? [] : [`th dport { ${ranges.join(', ')} }`]),
    action === 'allow' ? 'return' : 'drop',
  ].join(' ');
}

function judgeChain(tap: string, network: string, direction: Direction): readonly string[] {
  // What is remembered is written from the guest's side, whoever sends.
  const sends = direction === 'outbound';
  const [own, far] = sends ? ['saddr', 'daddr'] : ['daddr', 'saddr'];
  const ends = sends ? 'th sport . th dport' : 'th dport . th sport';
  const both = (family: 'ip' | 'ip6'): string => `${family} ${own} . ${family} ${far}`;
  const flow = (family: 'ip' | 'ip6'): string => `${both(family)} . meta l4proto . ${ends}`;
  const flows = (family: 'ip' | 'ip6'): string => `flows${family === 'ip' ? '' : '6'}-${tap}`;
  const rememberTcp = (family: 'ip' | 'ip6'): string =>
    `update @${flows(family)} { ${flow(family)} }`;
  const rememberUdp = (family: 'ip' | 'ip6'): string =>
    `update @${flows(family)} { ${flow(family)} timeout ${otherTimeout} }`;
  const firstPart = 'ip frag-off & 0x3fff == 0x2000';
  const rememberPart = `update @parts-${tap} { ${both('ip')} . ip id }`;
  const [asks, answers] = sends ? [68, 67] : [67, 68];
  const [asks6, answers6] = sends ? [546, 547] : [547, 546];
  return chain(`${directions[direction]}-${tap}`, [
    // What guests find each other and their addresses by.
    'ether type arp return',
    'ether type { 8021q, 8021ad } drop',
    `udp sport ${asks} udp dport ${answers} return`,
    `udp sport ${asks6} udp dport ${answers6} return`,
    'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert, mld-listener-query, mld-listener-report, mld2-listener-report } return',
    // Answers.
    `${firstPart} ${flow('ip')} @flows-${tap} ${rememberPart}`,
    ...families.flatMap((family) => [
      `meta l4proto tcp ${flow(family)} @${flows(family)} ${rememberTcp(family)} return`,
      `meta l4proto udp ${flow(family)} @${flows(family)} ${rememberUdp(family)} return`,
    ]),
    `icmp type echo-reply ${both('ip')} . icmp id @echo-${tap} return`,
    `icmpv6 type echo-reply ${both('ip6')} . icmpv6 id @echo6-${tap} return`,
    'icmp type { destination-unreachable, time-exceeded, parameter-problem } return',
    'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } return',
    // Of a datagram in parts only the first one has ports.
    `ip frag-off & 0x1fff != 0 ${both('ip')} . ip id @parts-${tap} return`,
    `jump ${directions[direction]}-rules-${network}`,
    `jump ${directions[direction]}-rules-${tap}`,
    ...families.flatMap((family) => [
      `meta l4proto tcp ${rememberTcp(family)}`,
      `meta l4proto udp ${rememberUdp(family)}`,
    ]),
    `icmp type echo-request update @echo-${tap} { ${both('ip')} . icmp id }`,
    `icmpv6 type echo-request update @echo6-${tap} { ${both('ip6')} . icmpv6 id }`,
    `${firstPart} ${rememberPart}`,
  ]);
}

function chain(name: string, rules: readonly string[]): string[] {
  return [`chain ${name} {`, ...rules.map((rule) => `  ${rule}`), '}'];
}
