/**
 * What is to be done so that a host carries a network: the difference between what is there and what should
 * be, as calls of `ip`. Pure. A call that has been made is not planned again, so a plan of a network that is
 * as it should be is empty.
 */
import { addressIn, overlaps, parseSubnet, type NetworkSpec } from '#api';
import type { Reason } from '#lib';
import type { Link } from './links.ts';
import { planNoVlan, planVlan } from './vlan-plan.ts';
import type { Part } from './carried.ts';
import {
  freeName,
  isOwnName,
  macOf,
  makeLink,
  memberMac,
  readAlias,
  unfinishedName,
  writeAlias,
  type Purpose,
} from './names.ts';

export type Call = readonly string[];

export interface NetworkPlan {
  /** The bridge that ports are put into; null where the network cannot be carried. */
  readonly bridge: string | null;
  /** The same where it was made for this network: its settings are ours to make. */
  readonly ownBridge?: string;
  readonly calls: readonly Call[];
  /** What stands against it, or makes it worse than it should be. */
  readonly down: readonly Reason[];
  readonly degraded: readonly Reason[];
}

/** The kernel's own value, in hundredths of a second. */
const usualAgeing = 30_000;

/** `reserved` are the adapters that no network may be on. */
export function planNetwork(
  hostId: string,
  network: NetworkSpec,
  links: readonly Link[],
  part: Part = 'serves',
  reserved: ReadonlySet<string> = new Set(),
): NetworkPlan {
  const lower = network.type === 'bridged' ? judgeAdapter(network, links, reserved) : undefined;
  const down = [...(lower?.down ?? []), ...judgeSubnet(network, links)];
  if (down.length > 0) return { bridge: null, calls: [], down, degraded: [] };
  const vlan =
    lower?.link && network.vlan !== null ? planVlan(hostId, network, lower.link, links) : undefined;
  if (vlan !== undefined && vlan.down.length > 0)
    return { bridge: null, calls: [], down: vlan.down, degraded: [] };
  const calls: Call[] = [...(vlan?.calls ?? planNoVlan(hostId, network, links))];
  const port = vlan === undefined ? lower?.link : vlan.port;
  // A bridge that somebody else has made is taken as it is.
  if (vlan === undefined && port?.kind === 'bridge')
    return { bridge: port.name, calls, down: [], degraded: lower?.degraded ?? [] };
  const shared = sharedBridge(hostId, network, port, links);
  if (shared !== undefined)
    return { bridge: shared, calls, down: [], degraded: lower?.degraded ?? [] };
  const purpose: Purpose = { kind: 'network', network: network.id };
  const alias = writeAlias(hostId, purpose);
  const link = links.find((one) => one.alias === alias && one.kind === 'bridge');
  const name = link?.name ?? freeName('network', new Set(links.map((one) => one.name)));
  if (link === undefined) {
    const type = ['type', 'bridge', 'forward_delay', '0'];
    calls.push(
      ...makeLink(hostId, { name, purpose }, (made) => ['link', 'add', 'name', made, ...type]),
    );
  }
  // The address of the gateway is known to guests: it is on the host that serves and on no other.
  const mac = part === 'serves' ? macOf('network', network.id) : memberMac(hostId, network.id);
  if (link?.mac !== mac) calls.push(['link', 'set', 'dev', name, 'address', mac]);
  const ageing = network.promiscuous ? 0 : usualAgeing;
  if ((link?.ageingTime ?? usualAgeing) !== ageing)
    calls.push(['link', 'set', 'dev', name, 'type', 'bridge', 'ageing_time', String(ageing)]);
  calls.push(...planAddresses(hostAddress(network), name, link?.addresses ?? []));
  calls.push(...planAddresses(hostAddress6(network), name, link?.addresses6 ?? [], 'nodad'));
  if (port !== undefined && port.master !== name)
    calls.push(['link', 'set', 'dev', port.name, 'master', name]);
  if (port?.isUp === false) calls.push(['link', 'set', 'dev', port.name, 'up']);
  if (link?.isUp !== true) calls.push(['link', 'set', 'dev', name, 'up']);
  return { bridge: name, ownBridge: name, calls, down: [], degraded: lower?.degraded ?? [] };
}

/**
 * The bridge of another network that has the adapter already, or that the host shares it by: rules keep the vms of
 * networks apart (ruleset.ts).
 */
function sharedBridge(
  hostId: string,
  network: NetworkSpec,
  adapter: Link | undefined,
  links: readonly Link[],
): string | undefined {
  const bridge = links.find(({ name }) => name === adapter?.master);
  const holder = readAlias(hostId, bridge?.alias);
  const isShared =
    holder?.kind === 'uplink' || (holder?.kind === 'network' && holder.network !== network.id);
  return isShared ? bridge?.name : undefined;
}

/** The address of the host itself: in nat and host-only networks, and in no other. */
export function hostAddress({ type, ipv4 }: NetworkSpec): string | undefined {
  if (ipv4 === null || ipv4.gateway === null || (type !== 'nat' && type !== 'host-only'))
    return undefined;
  return `${ipv4.gateway}/${ipv4.subnet.slice(ipv4.subnet.indexOf('/') + 1)}`;
}

/** Whether the host itself has an address of IPv6 in the network. */
export function speaksIpv6(network: NetworkSpec): boolean {
  return hostAddress6(network) !== undefined;
}

/** The first one of the prefix. */
function hostAddress6({ type, ipv6 }: NetworkSpec): string | undefined {
  if (ipv6 === null || (type !== 'nat' && type !== 'host-only')) return undefined;
  return `${addressIn(ipv6.prefix, 1)}/64`;
}

function planAddresses(
  wanted: string | undefined,
  name: string,
  has: readonly string[],
  ...flags: readonly string[]
): Call[] {
  const calls = has
    .filter((address) => address !== wanted)
    .map((address): Call => ['address', 'del', address, 'dev', name]);
  if (wanted !== undefined && !has.includes(wanted))
    calls.push(['address', 'add', wanted, 'dev', name, ...flags]);
  return calls;
}

function judgeAdapter(
  network: NetworkSpec,
  links: readonly Link[],
  reserved: ReadonlySet<string>,
): { readonly link: Link | undefined; readonly down: Reason[]; readonly degraded: Reason[] } {
  const link = links.find(({ name }) => name === network.adapter);
  const noCable = link !== undefined && link.isUp && !link.hasCarrier;
  const text = `the adapter ${network.adapter} has no link`;
  const degraded = noCable ? [{ code: 'no-link', text, remedy: 'look at its cable' }] : [];
  return { link, down: whyNotAdapter(network, link, reserved), degraded };
}

function whyNotAdapter(
  { adapter, vlan }: NetworkSpec,
  link: Link | undefined,
  reserved: ReadonlySet<string>,
): Reason[] {
  if (link === undefined)
    return [
      {
        code: 'adapter-missing',
        text: `the host has no adapter ${adapter}`,
        remedy: 'plug it in, or name another adapter',
      },
    ];
  if (reserved.has(link.name))
    return [
      {
        code: 'adapter-reserved',
        text: `the adapter ${adapter} is reserved for the host`,
        remedy: 'name another adapter, or change what this one is for: gantry host set-adapter',
      },
    ];
  // A VLAN takes nothing from whoever has the adapter.
  if (link.kind === 'bridge' || vlan !== null) return [];
  const remedy = 'let host and networks share it: gantry host set-adapter; or take another adapter';
  const own = [...link.addresses, ...(link.fixed6 ?? [])];
  if (own.length > 0)
    return [
      {
        code: 'adapter-in-use',
        text: `the adapter ${adapter} has the address ${own.join(', ')} of the host`,
        remedy,
      },
    ];
  if (link.master !== undefined && !isOwnName(link.master))
    return [
      {
        code: 'adapter-in-use',
        text: `the adapter ${adapter} belongs to ${link.master}`,
        remedy: `name ${link.master} instead`,
      },
    ];
  return [];
}

/** A host that is in another network of the same addresses could not tell the two apart. */
function judgeSubnet(network: NetworkSpec, links: readonly Link[]): Reason[] {
  const subnet = network.ipv4 === null ? undefined : parseSubnet(network.ipv4.subnet);
  if (subnet === undefined || hostAddress(network) === undefined) return [];
  for (const { name, addresses, alias } of links) {
    // What networks have is judged where they are defined; on a bridge that it shares, the host has its own.
    const isOfNetwork = alias?.startsWith('gantry ') === true && !alias.includes(' uplink ');
    if (isOfNetwork && isOwnName(name)) continue;
    const clash = addresses.find((address) => {
      const theirs = parseSubnet(address);
      return theirs !== undefined && overlaps(subnet, theirs);
    });
    if (clash === undefined) continue;
    const text = `${network.ipv4?.subnet} is where the host has ${clash} on ${name}`;
    return [{ code: 'subnet-clash', text, remedy: 'give the network another subnet' }];
  }
  return [];
}

export interface PortPlan {
  readonly vm: string;
  readonly slot: number;
  /** Null: plugged into nothing. */
  readonly bridge: string | null;
}

/** Ports in their bridges. Ports that are not there are not made: their machine has opened them, or has ended. */
export function planPorts(
  hostId: string,
  ports: readonly PortPlan[],
  links: readonly Link[],
): readonly Call[] {
  const byAlias = new Map(links.map((link) => [link.alias, link]));
  return ports.flatMap(({ vm, slot, bridge }): Call[] => {
    const link = byAlias.get(writeAlias(hostId, { kind: 'adapter', vm, slot }));
    if (link === undefined || (link.master ?? null) === bridge) return [];
    const dev = ['link', 'set', 'dev', link.name];
    return [bridge === null ? [...dev, 'nomaster'] : [...dev, 'master', bridge, 'up']];
  });
}

export interface Wanted {
  readonly networks: ReadonlySet<string>;
  /** Adapters that the host shares by a bridge. */
  readonly shared: ReadonlySet<string>;
  hasPort(vm: string, slot: number): boolean;
}

function isNeeded(purpose: Purpose, wanted: Wanted): boolean {
  switch (purpose.kind) {
    case 'limit':
      // What limits a port comes and goes with its limit (limits.ts).
      return true;
    case 'adapter':
      return wanted.hasPort(purpose.vm, purpose.slot);
    case 'uplink':
      return wanted.shared.has(purpose.adapter);
    case 'network':
    case 'service':
    case 'tunnel':
    case 'vlan':
      return wanted.networks.has(purpose.network);
  }
}

/** Interfaces of ours that nothing needs any more: bridges, taps of machines that have ended. */
export function planRemovals(
  hostId: string,
  wanted: Wanted,
  links: readonly Link[],
): readonly Call[] {
  return links.flatMap(({ name, alias }): Call[] => {
    if (name === unfinishedName(hostId)) return [['link', 'del', 'dev', name]];
    const purpose = readAlias(hostId, alias);
    if (purpose === undefined) return [];
    return isNeeded(purpose, wanted) ? [] : [['link', 'del', 'dev', name]];
  });
}

/** Adapters of the host that are in the bridge of a network that is at another one by now. */
export function planReleases(
  hostId: string,
  networks: readonly NetworkSpec[],
  links: readonly Link[],
): readonly Call[] {
  const holders = new Map(links.map(({ name, alias }) => [name, readAlias(hostId, alias)]));
  return links.flatMap(({ name, alias, master = '' }): Call[] => {
    const holder = holders.get(master);
    if (holder?.kind !== 'network' || readAlias(hostId, alias) !== undefined) return [];
    const network = networks.find(({ id }) => id === holder.network);
    // Others have no adapter; what somebody plugs into them by hand is theirs.
    const isIts = network?.adapter === name && network.vlan === null;
    if (network?.type !== 'bridged' || isIts) return [];
    return [['link', 'set', 'dev', name, 'nomaster']];
  });
}
