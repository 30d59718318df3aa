/**
 * The rules of all networks of a host as one input of `nft -f`: both tables are replaced in one transaction,
 * so that no frame finds half of them. Pure.
 */
import type { NetworkSpec } from '#api';
import { tableName } from './names.ts';

export interface RuledNetwork {
  readonly network: NetworkSpec;
  readonly bridge: string;
}

export interface RuledPort {
  readonly tap: string;
  readonly mac: string;
}

export interface Rules {
  readonly hostId: string;
  readonly networks: readonly RuledNetwork[];
  /** Ports that may send under no other address than their own. */
  readonly ports: readonly RuledPort[];
}

export function writeRuleset({ hostId, networks, ports }: Rules): string {
  const name = tableName(hostId);
  return [
    ...replace('inet', name, inetChains(networks)),
    ...replace('bridge', name, bridgeChains(ports)),
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

function chain(name: string, hook: string, rules: readonly string[]): string[] {
  return [`chain ${name} {`, `  ${hook}; policy accept;`, ...rules.map((rule) => `  ${rule}`), '}'];
}

function inetChains(networks: readonly RuledNetwork[]): string[] {
  const routed = networks.filter(({ network: { type } }) => type === 'nat' || type === 'host-only');
  const bridges = routed.map(({ bridge }) => `"${bridge}"`).join(', ');
  const forwards = networks.flatMap(forwardRules);
  return [
    ...chain(
      'forward',
      'type filter hook forward priority filter',
      routed.flatMap((one) => boundaryRules(one, bridges)),
    ),
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
    `iifname "${bridge}" ip saddr ${network.ipv4?.subnet} accept`,
    `iifname "${bridge}" drop`,
    `oifname "${bridge}" ct state established,related accept`,
    `oifname "${bridge}" ct status dnat accept`,
    `oifname "${bridge}" drop`,
  ];
}

function translationRules({ network, bridge }: RuledNetwork): string[] {
  const { type, ipv4 } = network;
  if (type !== 'nat' || ipv4 === null) return [];
  const { subnet } = ipv4;
  return [
    `ip saddr ${subnet} ip daddr != ${subnet} oifname != "${bridge}" masquerade`,
    // A vm that takes the way over the host's port gets its answers on the same way.
    `ip saddr ${subnet} ip daddr ${subnet} ct status dnat masquerade`,
  ];
}

function forwardRules({ network: { forwards } }: RuledNetwork): string[] {
  return forwards.map(({ protocol, hostAddress, hostPort, address, port }) => {
    const to = hostAddress === null ? 'fib daddr type local' : `ip daddr ${hostAddress}`;
    return `${to} meta nfproto ipv4 ${protocol} dport ${hostPort} dnat ip to ${address}:${port}`;
  });
}

/** Before the bridge learns from a frame where its sender is. */
function bridgeChains(ports: readonly RuledPort[]): string[] {
  if (ports.length === 0) return [];
  const taps = ports.map(({ tap }) => `"${tap}"`).join(', ');
  const addresses = ports.map(({ tap, mac }) => `"${tap}" . ${mac}`).join(', ');
  return [
    `set taps { type ifname; elements = { ${taps} }; }`,
    `set addresses { type ifname . ether_addr; elements = { ${addresses} }; }`,
    ...chain('prerouting', 'type filter hook prerouting priority -300', [
      'iifname @taps iifname . ether saddr != @addresses drop',
    ]),
  ];
}
