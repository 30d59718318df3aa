/** What follows for a network from what was seen in it: reasons why it is worse than it should be. Pure. */
import type { Reason } from '#lib';

/** Somebody who was seen: where, by which MAC address, with which IP address, and from when to when. */
export interface Sighting {
  readonly interface: string;
  readonly mac: string;
  readonly address: string | undefined;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface Seen {
  readonly answering: readonly Sighting[];
  readonly claiming: readonly Sighting[];
  readonly doubled: readonly Sighting[];
}

/** A network as far as it is looked at. */
export interface Watched {
  readonly id: string;
  /** Where what is seen belongs to it. */
  readonly interfaces: ReadonlySet<string>;
  /** Names of vms by their MAC addresses. */
  readonly vms: ReadonlyMap<string, string>;
  /** MAC addresses by the IP addresses that are theirs: leased, kept, of gateway and service. */
  readonly owners: ReadonlyMap<string, string>;
}

/** Times are as exact as this. */
const slackMs = 3_000;
/** Of each kind: a report has room for no more. */
const maxTold = 8;

export function judgeSightings(
  { interfaces, vms, owners }: Watched,
  seen: Seen,
): readonly Reason[] {
  const here = ({ interface: name }: Sighting): boolean => interfaces.has(name);
  const who = (mac: string): string => {
    const name = vms.get(mac);
    return name === undefined ? mac : `vm ${name} (${mac})`;
  };
  const answering = seen.answering.filter(here).map(({ mac, interface: name, address }) => ({
    code: 'foreign-dhcp',
    text: `${who(mac)} at ${name} answers DHCP requests as ${address ?? 'nobody'}`,
    remedy: 'turn its DHCP server off',
  }));
  const doubled = seen.doubled.filter(here).map(({ mac, interface: name }) => ({
    code: 'duplicate-mac',
    text: `frames with the MAC address of ${who(mac)} come in from outside, at ${name}`,
    remedy: 'another device has it: give the adapter another one, with --mac new',
  }));
  const claims = Map.groupBy(seen.claiming.filter(here), ({ address }) => address);
  const shared = [...claims].flatMap(([address = '', all]) => {
    const users = usersOf(all, owners.get(address));
    // A vm with two adapters on the network answers by either of them.
    if (new Set(users.map((mac) => vms.get(mac) ?? mac)).size < 2) return [];
    const text = `the address ${address} is used by ${users.map(who).join(' and ')}`;
    return { code: 'duplicate-address', text, remedy: 'give one of them another address' };
  });
  return [answering, doubled, shared].flatMap((kind) =>
    kind.sort((one, other) => (one.text < other.text ? -1 : 1)).slice(0, maxTold),
  );
}

/**
 * Whoever uses an address that is another one's. Of an address that is nobody's, those who use it at the same time:
 * one that goes from one to the other, as that of a cluster does, is not used by both.
 */
function usersOf(claims: readonly Sighting[], owner: string | undefined): readonly string[] {
  const all = [...new Set(claims.map(({ mac }) => mac))].sort();
  if (owner !== undefined)
    return all.every((mac) => mac === owner) ? [] : [...new Set([owner, ...all])];
  const at = (mac: string, end: 'firstMs' | 'lastMs', pick: typeof Math.min): number =>
    pick(...claims.filter((claim) => claim.mac === mac).map((claim) => claim[end]));
  const spans = all.map((mac) => ({
    mac,
    from: at(mac, 'firstMs', Math.min),
    to: at(mac, 'lastMs', Math.max),
  }));
  const meet = (one: (typeof spans)[number], other: (typeof spans)[number]): boolean =>
    one !== other && one.from + slackMs < other.to && other.from + slackMs < one.to;
  return spans.filter((one) => spans.some((other) => meet(one, other))).map(({ mac }) => mac);
}
