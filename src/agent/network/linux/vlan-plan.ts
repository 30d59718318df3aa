/**
 * The VLAN of a bridged network (IEEE 802.1Q): an interface on top of the host's adapter that takes and gives frames of
 * this number without their tag, and is the port of the network's bridge in the adapter's place. Pure.
 */
import type { NetworkSpec } from '#api';
import type { Reason } from '#lib';
import type { Link } from './links.ts';
import { freeName, makeLink, readAlias, writeAlias } from './names.ts';
import type { Call } from './plan.ts';

export interface VlanPlan {
  readonly calls: readonly Call[];
  /** What the bridge is to have as its port; undefined where there can be none. */
  readonly port: Link | undefined;
  readonly down: readonly Reason[];
}

/** `under` is the adapter. */
export function planVlan(
  hostId: string,
  network: Pick<NetworkSpec, 'id' | 'vlan'>,
  under: Link,
  links: readonly Link[],
): VlanPlan {
  const purpose = { kind: 'vlan', network: network.id } as const;
  const alias = writeAlias(hostId, purpose);
  const isIt = ({ vlan }: Link): boolean => vlan?.id === network.vlan && vlan.under === under.name;
  const old = links.find((link) => link.alias === alias);
  const kept = old !== undefined && isIt(old) ? old : undefined;
  const other = links.find((link) => link !== old && isIt(link));
  // Another network has the number there already: its bridge is shared, as that of an adapter is.
  if (other !== undefined && readAlias(hostId, other.alias)?.kind === 'vlan')
    return { calls: dropCalls(old), port: other, down: [] };
  if (other !== undefined)
    return { calls: [], port: undefined, down: [taken(network, under, other)] };
  if (kept !== undefined) return { calls: [], port: kept, down: [] };
  const name = old?.name ?? freeName('vlan', new Set(links.map((link) => link.name)));
  const rest = ['type', 'vlan', 'id', String(network.vlan)];
  const make = (made: string): Call => ['link', 'add', 'link', under.name, 'name', made, ...rest];
  return {
    calls: [
      ...dropCalls(old),
      // It has a link while what is below it is up.
      ...(under.isUp ? [] : [['link', 'set', 'dev', under.name, 'up']]),
      ...makeLink(hostId, { name, purpose }, make),
    ],
    port: { ...under, name, alias, kind: 'vlan', master: undefined, isUp: false, addresses: [] },
    down: [],
  };
}

/** Of a network that has no VLAN any more. */
export function planNoVlan(
  hostId: string,
  { id }: Pick<NetworkSpec, 'id'>,
  links: readonly Link[],
): readonly Call[] {
  const alias = writeAlias(hostId, { kind: 'vlan', network: id });
  return dropCalls(links.find((link) => link.alias === alias));
}

const dropCalls = (link: Link | undefined): readonly Call[] =>
  link === undefined ? [] : [['link', 'del', 'dev', link.name]];

function taken({ vlan }: Pick<NetworkSpec, 'vlan'>, under: Link, { name }: Link): Reason {
  return {
    code: 'vlan-in-use',
    text: `${name} of the host has the VLAN ${vlan} of ${under.name}`,
    remedy: `name ${name} as the adapter, without a VLAN`,
  };
}
