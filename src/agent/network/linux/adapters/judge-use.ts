/** What stands against using an adapter otherwise. Pure. */
import type { AdapterUse, NetworkSpec } from '#api';
import { Fault } from '#lib';
import type { Link } from '../links.ts';
import { isOwnName } from '../names.ts';
import type { ReadAddressing } from './addressing.ts';

export interface UseQuestion {
  readonly link: Link;
  readonly links: readonly Link[];
  readonly now: AdapterUse;
  readonly wanted: AdapterUse;
  /** What the host has on the adapter, or on the bridge that it is shared by. */
  readonly read: ReadAddressing;
  /** Those that are carried on it. */
  readonly networks: readonly Pick<NetworkSpec, 'name' | 'vlan'>[];
  /** Other adapters by which the host could be managed. */
  readonly otherWays: readonly string[];
}

/** Errors: `refused` with what helps. */
export function judgeUse(question: UseQuestion): void {
  const { link, now, wanted, networks, read } = question;
  const { name } = link;
  if (link.master !== undefined && !isOwnName(link.master))
    throw refused(name, `it belongs to ${link.master}`, `use ${link.master} instead`);
  const leavesHost = now === 'any' || now === 'host';
  if (!leavesHost && wanted !== 'any' && wanted !== 'host')
    throw refused(name, `its use is ${now} now`, 'set its use to any first');
  // What moves takes the bridge of a network along; a VLAN of the adapter is in nobody's way.
  const inTheWay = networks.filter(
    ({ vlan }) => wanted === 'host' || (!leavesHost && vlan === null),
  );
  if (inTheWay.length > 0)
    throw refused(
      name,
      `vms are on it by network ${inTheWay.map((network) => network.name).join(', ')}`,
      'plug them into another network, or give the network another adapter',
    );
  if (wanted === 'shared') judgeShare(name, read);
  if (wanted === 'shared' || wanted === 'networks' || now === 'shared') judgeMovable(name, read);
  if (wanted === 'networks') judgeOtherWay(question);
}

function judgeShare(name: string, { addresses }: ReadAddressing): void {
  if (addresses.length === 0)
    throw refused(name, 'the host has no address on it', 'bridge a network to it as it is');
}

function judgeMovable(name: string, { leased, multipath }: ReadAddressing): void {
  if (leased.length > 0)
    throw refused(
      name,
      `${leased.join(', ')} has a lifetime: the host's own DHCP client or a router gives and renews it`,
      'give the adapter a fixed address in the configuration of the host',
    );
  if (multipath.length > 0)
    throw refused(
      name,
      `the route to ${multipath.join(', ')} has several ways`,
      'replace it by routes with one way each',
    );
}

/** NET-35. An adapter that the host has no address on manages nothing. */
function judgeOtherWay({ link: { name }, read, otherWays }: UseQuestion): void {
  if (read.addresses.length > 0 && otherWays.length === 0)
    throw refused(
      name,
      'no other adapter would carry the connection by which the host is managed',
      'give another adapter an address first, or let host and networks share this one',
    );
}

function refused(name: string, why: string, hint: string): Fault {
  return new Fault('refused', `cannot use adapter ${name} otherwise: ${why}`, { hint });
}
