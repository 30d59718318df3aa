/**
 * The rules of all networks of a host as one input of `nft -f`: both tables are written in one transaction, so
 * that no frame finds half of them. Pure.
 */
import type { Firewall, NetworkSpec, PortPriority, VlanRange } from '#api';
import { guardChains, guardRules, tagRules } from './guard-rules.ts';
import { macOf, tableName } from './names.ts';
import { filteredPorts, jumpRules, portChains } from './port-rules.ts';
import { sightingLines, sightingRules } from './sighting-rules.ts';
import { tunnelLines, type RuledTunnel } from './tunnel-rules.ts';

export interface RuledNetwork {
  readonly network: NetworkSpec;
  readonly bridge: string;
  /** Interfaces in the bridge. */
  readonly members: readonly string[];
}

export interface RuledPort {
  readonly tap: string;
  readonly mac: string;
  /** Null: none. */
  readonly network: string | null;
  readonly priority: PortPriority;
  readonly firewall: Firewall;
  /** What its guest may send under and as. */
  readonly guarded: {
    readonly mac: 'own' | 'any';
    readonly dhcp: 'clients-only' | 'any';
    readonly addresses: readonly string[] | 'any';
    /** That frames may have the tag of. */
    readonly vlans: readonly VlanRange[] | 'any';
  };
}

export interface Rules {
  readonly hostId: string;
  readonly networks: readonly RuledNetwork[];
  readonly ports: readonly RuledPort[];
  readonly tunnels: readonly RuledTunnel[];
}

/**
 * `present` is what nft lists of the bridge table now: sets of it remember what was let through, so that table
 * stays, and what it has no more is deleted from it.
 */
export function writeRuleset({ hostId, networks, ports, tunnels }: Rules, present = ''): string {
  const name = tableName(hostId);
  return [
    ...replace('inet', name, [...tunnelLines(tunnels), ...inetChains(networks, ports)]),
    ...refill(name, bridgeChains(ports, networks), present),
    '',
  ].join('\n');
}

/** Nothing of ours remains. */
export function writeNoRules(hostId: string): string {
  const name = tableName(hostId);
  return ['inet', 'bridge']
    .flatMap((family) => [`table ${family} ${name}`, `delete table ${family} ${name}`])
    .join('\n')
    .concat('\n');
}

function replace(family: string, name: string, body: readonly string[]): string[] {
  return [
    `table ${family} ${name}`,
    `delete table ${family} ${name}`,
    `table ${family} ${name} {`,
    ...body.map((line) => `  ${line}`),
    '}',
  ];
}

const named = /^\s*(chain|set) (\S+) \{/;

function refill(name: string, body: readonly string[], present: string): string[] {
  const wanted = new Set(body.map((line) => named.exec(line)?.slice(1, 3).join(' ')));
  const stale = present.split('\n').flatMap((line) => {
    const [, kind, own] = named.exec(line) ?? [];
    return kind === undefined || wanted.has(`${kind} ${own}`)
      ? []
      : [`${kind} bridge ${name} ${own}`];
  });
  return [
    `table bridge ${name}`,
    `flush table bridge ${name}`,
    ...stale.map((one) => `delete ${one}`),
    `table bridge ${name} {`,
    ...body.map((line) => `  ${line}`),
    '}',
  ];
}

/** Without rules there is none: a hook costs every frame a call. */
function chain(name: string, hook: string, rules: readonly string[]): string[] {
  if (rules.length === 0) return [];
  return [`chain ${name} {`, `  ${hook}; policy accept;`, ...rules.map((rule) => `  ${rule}`), '}'];
}

function inetChains(networks: readonly RuledNetwork[], ports: readonly RuledPort[]): string[] {
  const routed = networks.filter(({ network: { type } }) => type === 'nat' || type === 'host-only');
  const bridges = routed.map(({ bridge }) => `"${bridge}"`).join(', ');
  const forwards = networks.flatMap(forwardRules);
  return [
    ...chain('forward', 'type filter hook forward priority filter', [
      // Routing gives frames the priority that they say themselves.
      ...priorityRules('ether saddr', ports, ({ mac }) => mac),
      ...routed.flatMap((one) => boundaryRules(one, bridges)),
    ]),
    ...asideChain(networks),
    ...chain('prerouting', 'type nat hook prerouting priority dstnat', forwards),
    ...chain('output', 'type nat hook output priority -100', forwards),
    ...chain(
      'postrouting',
      'type nat hook postrouting priority srcnat',
      networks.flatMap(translationRules),
    ),
  ];
}

/** What may cross the boundary of the network; frames between its own vms cross none. */
function boundaryRules({ network, bridge }: RuledNetwork, bridges: string): string[] {
  const inside = `iifname "${bridge}" oifname "${bridge}" accept`;
  if (network.type === 'host-only')
    return [inside, `iifname "${bridge}" drop`, `oifname "${bridge}" drop`];
  return [
    inside,
    `iifname "${bridge}" oifname { ${bridges} } drop`,
    ...(network.ipv4 === null
      ? []
      : [`iifname "${bridge}" ip saddr ${network.ipv4.subnet} accept`]),
    ...leaveRules6(network, bridge),
    `iifname "${bridge}" drop`,
    `oifname "${bridge}" ct state established,related accept`,
    `oifname "${bridge}" ct status dnat accept`,
    ...enterRules6(network, bridge),
    `oifname "${bridge}" drop`,
  ];
}

/**
 * What vms send by way of their service comes through the host twice (service.ts): first as a frame, which a kernel
 * with br_netfilter would remember as a connection that is not to be translated.
 */
function asideChain(networks: readonly RuledNetwork[]): string[] {
  const rules = networks.flatMap(({ network: { id, type, ipv6 }, bridge }) =>
    type === 'nat' && ipv6 !== null
      ? [`iifname "${bridge}" meta nfproto ipv6 ether daddr ${macOf('service', id)} notrack`]
      : [],
  );
  return rules.length === 0
    ? []
    : chain('aside', 'type filter hook prerouting priority raw', rules);
}

function leaveRules6({ ipv6 }: NetworkSpec, bridge: string): string[] {
  return ipv6 === null ? [] : [`iifname "${bridge}" ip6 saddr ${ipv6.prefix} accept`];
}

/** Vms that are seen as they are may be reached as well. */
function enterRules6({ ipv6 }: NetworkSpec, bridge: string): string[] {
  return ipv6?.outside === 'routed' ? [`oifname "${bridge}" ip6 daddr ${ipv6.prefix} accept`] : [];
}

function translationRules({ network, bridge }: RuledNetwork): string[] {
  const { type, ipv4, ipv6 } = network;
  if (type !== 'nat') return [];
  const translate = (family: 'ip' | 'ip6', net: string): string =>
    `${family} saddr ${net} ${family} daddr != ${net} oifname != "${bridge}" masquerade`;
  // A vm that takes the way over the host's port gets its answers on the same way.
  const back = (family: 'ip' | 'ip6', net: string): string =>
    `${family} saddr ${net} ${family} daddr ${net} ct status dnat masquerade`;
  return [
    ...(ipv4 === null ? [] : [translate('ip', ipv4.subnet), back('ip', ipv4.subnet)]),
    ...(ipv6 === null || ipv6.outside === 'routed' ? [] : [translate('ip6', ipv6.prefix)]),
    ...(ipv6 === null ? [] : [back('ip6', ipv6.prefix)]),
  ];
}

function forwardRules({ network: { forwards } }: RuledNetwork): string[] {
  return forwards.map(({ protocol, hostAddress, hostPort, address, port }) => {
    const [family, proto, at] = address.includes(':')
      ? ['ip6', 'ipv6', `[${address}]`]
      : ['ip', 'ipv4', address];
    const to = hostAddress === null ? 'fib daddr type local' : `${family} daddr ${hostAddress}`;
    return `${to} meta nfproto ${proto} ${protocol} dport ${hostPort} dnat ${family} to ${at}:${port}`;
  });
}

/** The kernel's own words for them: TC_PRIO_BULK and TC_PRIO_INTERACTIVE (linux/pkt_sched.h). */
const priorityClasses = { low: '0:2', high: '0:6' } as const;

function priorityRules(
  selector: 'ether saddr' | 'iifname',
  ports: readonly RuledPort[],
  key: (port: RuledPort) => string,
): string[] {
  const classes = ports.flatMap((port) =>
    port.priority === 'normal' ? [] : [`${key(port)} : ${priorityClasses[port.priority]}`],
  );
  if (classes.length === 0) return [];
  return [`meta priority set ${selector} map { ${classes.join(', ')} }`];
}

function bridgeChains(ports: readonly RuledPort[], networks: readonly RuledNetwork[]): string[] {
  const filtered = filteredPorts(ports, networks);
  return [
    ...sightingLines(),
    ...guardChains(ports),
    ...portChains(filtered, networks),
    ...chain('prerouting', 'type filter hook prerouting priority -300', [
      ...sightingRules(ports, networks),
      ...guardRules(ports),
      ...priorityRules('iifname', ports, ({ tap }) => `"${tap}"`),
      ...jumpRules(filtered, 'outbound'),
    ]),
    ...chain('forward', 'type filter hook forward priority 0', separationRules(ports, networks)),
    ...chain('input', 'type filter hook input priority 0', closingRules(ports, networks)),
    ...chain('postrouting', 'type filter hook postrouting priority 0', [
      ...tagRules('oifname', ports),
      ...jumpRules(filtered, 'inbound'),
    ]),
  ];
}

const tapsOn = (ports: readonly RuledPort[], { network }: RuledNetwork): readonly string[] =>
  ports.filter((port) => port.network === network.id).map(({ tap }) => tap);

const inSet = (names: readonly string[]): string =>
  `{ ${names.map((name) => `"${name}"`).join(', ')} }`;

/** Networks at one adapter of the host share its bridge, and nothing else. */
function separationRules(
  ports: readonly RuledPort[],
  networks: readonly RuledNetwork[],
): readonly string[] {
  return networks.flatMap((one) => {
    const own = tapsOn(ports, one);
    const theirs = networks
      .filter((other) => other !== one && other.bridge === one.bridge)
      .flatMap((other) => tapsOn(ports, other));
    if (own.length === 0 || theirs.length === 0) return [];
    return [`iifname ${inSet(own)} oifname ${inSet(theirs)} drop`];
  });
}

/**
 * What the host gets of its bridges, also when somebody there listens to one: nothing of an internal network, not
 * even broadcasts, and of others what is for it and for all. A bridge that is the host's own stays as it is.
 */
function closingRules(
  ports: readonly RuledPort[],
  networks: readonly RuledNetwork[],
): readonly string[] {
  const rule = (matches: string, which: (one: RuledNetwork) => boolean): string[] => {
    const inside = networks.filter(which).flatMap((one) => [...one.members, ...tapsOn(ports, one)]);
    return inside.length === 0 ? [] : [`${matches}iifname ${inSet([...new Set(inside)])} drop`];
  };
  const isInternal = ({ network }: RuledNetwork): boolean => network.type === 'internal';
  return [
    ...rule('', isInternal),
    ...rule('meta pkttype other ', (one) => !isInternal(one) && one.bridge !== one.network.adapter),
  ];
}
