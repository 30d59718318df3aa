/**
 * Rules for what comes through tunnels: for a network only from hosts that carry it, in the name of its gateway
 * and service only from the host that serves, and each host counted, so that one is missed that is silent
 * (docs/rfd/0021). Pure. Offsets are those of RFC 7348 5, in bits behind the start of the UDP header.
 */
import { tunnelPort } from './tunnel-plan.ts';

export interface RuledTunnel {
  readonly vni: number;
  /** Addresses of the other hosts that carry the network. */
  readonly peers: readonly string[];
  /** Address of the host that serves; null: this one, or none that has one. */
  readonly server: string | null;
  /** MAC addresses of gateway and service. */
  readonly served: readonly string[];
}

const vniAt = '@th,96,24';
const innerSourceAt = '@th,176,48';

/** Of the counter for what comes from a host: no other characters are allowed in names. */
export function counterName(address: string): string {
  return `from_${address.replaceAll('.', '_')}`;
}

export function tunnelLines(tunnels: readonly RuledTunnel[]): readonly string[] {
  if (tunnels.length === 0) return [];
  const peers = [...new Set(tunnels.flatMap((tunnel) => tunnel.peers))].sort();
  return [
    ...peers.map((address) => `counter ${counterName(address)} { }`),
    'chain tunnels {',
    '  type filter hook input priority filter; policy accept;',
    ...peers.map(
      (address) =>
        `  ip saddr ${address} udp dport ${tunnelPort} counter name ${counterName(address)}`,
    ),
    ...tunnels.flatMap(fenceRules).map((rule) => `  ${rule}`),
    '}',
  ];
}

function fenceRules({ vni, peers, server, served }: RuledTunnel): string[] {
  const ours = `udp dport ${tunnelPort} ${vniAt} ${vni}`;
  const names = served.map((mac) => `0x${mac.replaceAll(':', '')}`).join(', ');
  const except = (addresses: readonly string[]): string =>
    addresses.length === 0 ? '' : ` ip saddr != { ${addresses.join(', ')} }`;
  return [
    `${ours}${except(peers)} drop`,
    `${ours} ${innerSourceAt} { ${names} }${except(server === null ? [] : [server])} drop`,
  ];
}
