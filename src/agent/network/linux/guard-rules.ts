/**
 * What no port lets through from its guest, whatever firewalls say: frames under another MAC address, answers of a
 * DHCP server, IP addresses that are not its own. Pure.
 */
import type { VlanRange } from '#api';
import type { RuledPort } from './ruleset.ts';

/**
 * Rules of the hook prerouting: before the bridge learns from a frame where its sender is. What few frames are comes
 * before whose they are: names of interfaces are looked up, and every frame of every guest comes by here.
 */
export function guardRules(ports: readonly RuledPort[]): readonly string[] {
  const sources = ports.filter(({ guarded }) => guarded.addresses !== 'any');
  return [
    ...macRules(ports.filter(({ guarded }) => guarded.mac === 'own')),
    ...tagRules('iifname', ports),
    ...dhcpRules(ports.filter(({ guarded }) => guarded.dhcp === 'clients-only')),
    ...(sources.length === 0 ? [] : [`iifname { ${quoted(sources)} } jump sources`]),
  ];
}

export function guardChains(ports: readonly RuledPort[]): readonly string[] {
  const guarded = ports.filter((port) => port.guarded.addresses !== 'any');
  if (guarded.length === 0) return [];
  const pairs = (family: 'ip' | 'ip6'): string =>
    guarded
      .flatMap(({ tap, guarded: { addresses } }) =>
        addresses === 'any'
          ? []
          : addresses
              .filter((address) => address.includes(':') === (family === 'ip6'))
              .map((address) => `"${tap}" . ${address}`),
      )
      .join(', ');
  const unless = (name: string, allowed: string): string =>
    allowed === '' ? 'drop' : `iifname . ${name} != { ${allowed} } drop`;
  return [
    'chain sources {',
    ...[
      'ether type { 8021q, 8021ad } drop',
      // Who has no address yet asks for one, and asks whether somebody has it.
      'ip saddr 0.0.0.0 udp sport 68 udp dport 67 return',
      `ether type arp ${unless('arp saddr ether', macPairs(guarded))}`,
      'arp operation request arp saddr ip 0.0.0.0 return',
      `ether type arp ${unless('arp saddr ip', pairs('ip'))}`,
      `ether type ip ${unless('ip saddr', pairs('ip'))}`,
      'ip6 saddr { ::, fe80::/64 } return',
      `ether type ip6 ${unless('ip6 saddr', pairs('ip6'))}`,
    ].map((rule) => `  ${rule}`),
    '}',
  ];
}

const quoted = (ports: readonly RuledPort[]): string =>
  ports.map(({ tap }) => `"${tap}"`).join(', ');
const macPairs = (ports: readonly RuledPort[]): string =>
  ports.map(({ tap, mac }) => `"${tap}" . ${mac}`).join(', ');

function macRules(ports: readonly RuledPort[]): readonly string[] {
  if (ports.length === 0) return [];
  return [`iifname { ${quoted(ports)} } iifname . ether saddr != { ${macPairs(ports)} } drop`];
}

/** Frames with the tag of a VLAN that the port is not in, on either way. */
export function tagRules(
  side: 'iifname' | 'oifname',
  ports: readonly RuledPort[],
): readonly string[] {
  const closed = ports.filter(({ guarded: { vlans } }) => vlans !== 'any' && vlans.length === 0);
  return [
    ...(closed.length === 0
      ? []
      : [`ether type { 8021q, 8021ad } ${side} { ${quoted(closed)} } drop`]),
    ...ports.flatMap(({ tap, guarded: { vlans } }) =>
      vlans === 'any' || vlans.length === 0
        ? []
        : [
            `${side} "${tap}" ether type 8021ad drop`,
            `${side} "${tap}" vlan id != { ${vlans.map(rangeText).join(', ')} } drop`,
          ],
    ),
  ];
}

const rangeText = ({ first, last }: VlanRange): string =>
  first === last ? String(first) : `${first}-${last}`;

function dhcpRules(ports: readonly RuledPort[]): readonly string[] {
  if (ports.length === 0) return [];
  return [
    'udp sport 67 udp dport 68',
    'udp sport 547 udp dport 546',
    'icmpv6 type nd-router-advert',
  ].map((answer) => `${answer} iifname { ${quoted(ports)} } drop`);
}
