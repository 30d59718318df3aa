/**
 * What is written down of frames that may mean trouble, in sets of the bridge table that forget by themselves: who
 * answers DHCP requests, who says that an address is theirs, and whose MAC address comes in from outside. Pure.
 */
import { guardsDhcp } from '#api';
import { leadsOutside } from './names.ts';
import type { RuledNetwork, RuledPort } from './ruleset.ts';

/** How long something that was seen counts. */
export const rememberedSeconds = 120;
const maxRemembered = 16_384;

export const sightingSets = ['answering', 'claiming', 'doubled'] as const;
export type SightingSet = (typeof sightingSets)[number];

const types: Readonly<Record<SightingSet, string>> = {
  answering: 'ifname . ether_addr . ipv4_addr',
  claiming: 'ifname . ether_addr . ipv4_addr',
  doubled: 'ifname . ether_addr',
};

export function sightingLines(): readonly string[] {
  return sightingSets.map(
    (name) =>
      `set ${name} { type ${types[name]}; size ${maxRemembered}; flags dynamic,timeout; timeout ${rememberedSeconds}s; }`,
  );
}

/** Before the guards, which drop some of what is to be seen. */
export function sightingRules(
  ports: readonly RuledPort[],
  networks: readonly RuledNetwork[],
): readonly string[] {
  const tapsOf = (one: RuledNetwork): readonly string[] =>
    ports.filter(({ network }) => network === one.network.id).map(({ tap }) => tap);
  const strangersOf = ({ members }: RuledNetwork): readonly string[] =>
    members.filter((name) => leadsOutside(name));
  const answering = networks
    .filter(({ network }) => guardsDhcp(network))
    // The physical network of a bridged one has a server of its own.
    .flatMap((one) => [
      ...tapsOf(one),
      ...(one.network.type === 'bridged' ? [] : strangersOf(one)),
    ]);
  const claiming = networks.flatMap((one) => [...one.members, ...tapsOf(one)]);
  const bridged = networks.filter(({ network }) => network.type === 'bridged');
  const own = new Set(bridged.map(({ network }) => network.id));
  const macs = ports.flatMap(({ network, mac }) =>
    network !== null && own.has(network) ? mac : [],
  );
  return [
    ...rule(
      answering,
      'udp sport 67 udp dport 68',
      'answering',
      'iifname . ether saddr . ip saddr',
    ),
    ...rule(
      claiming,
      'arp saddr ip != 0.0.0.0',
      'claiming',
      'iifname . arp saddr ether . arp saddr ip',
    ),
    ...(macs.length === 0
      ? []
      : rule(
          bridged.flatMap(strangersOf),
          `ether saddr { ${[...new Set(macs)].join(', ')} }`,
          'doubled',
          'iifname . ether saddr',
        )),
  ];
}

function rule(from: readonly string[], what: string, set: SightingSet, key: string): string[] {
  if (from.length === 0) return [];
  const names = [...new Set(from)].map((name) => `"${name}"`).join(', ');
  return [`${what} iifname { ${names} } update @${set} { ${key} }`];
}
