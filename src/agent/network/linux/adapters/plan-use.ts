/**
 * What is to be done, as calls of `ip`, so that an adapter is used otherwise, and what undoes it from wherever it
 * stopped. Pure. A bridge that is not needed any more is removed with the other interfaces of ours (plan.ts).
 */
import type { Link } from '../links.ts';
import { freeName, makeLink, readAlias } from '../names.ts';
import type { Call } from '../plan.ts';
import {
  giveCalls,
  noAddressing,
  takeCalls,
  type Addressing,
  type ReadAddressing,
} from './addressing.ts';

export interface UsePlan {
  readonly calls: readonly Call[];
  readonly undo: readonly Call[];
  /** Whether the host could be cut off by it. */
  readonly risk: 'none' | 'cut-off';
  /** Where the host's addresses were; null: nowhere, or they are not anywhere afterwards. */
  readonly from: string | null;
  /** Where they are afterwards, and which. */
  readonly at: string;
  readonly addressing: Addressing;
  /** What was taken off the adapter, to be given back one day; null: nothing. */
  readonly held: Addressing | null;
}

/** The bridge that was made to share an adapter by. */
export function bridgeFor(
  hostId: string,
  adapter: string,
  links: readonly Link[],
): Link | undefined {
  return links.find(({ alias }) => {
    const purpose = readAlias(hostId, alias);
    return purpose?.kind === 'uplink' && purpose.adapter === adapter;
  });
}

/** The same while the adapter is its port. */
export function uplinkOf(hostId: string, adapter: Link, links: readonly Link[]): Link | undefined {
  const bridge = bridgeFor(hostId, adapter.name, links);
  return adapter.master === bridge?.name ? bridge : undefined;
}

const set = (name: string, ...words: readonly string[]): Call => [
  'link',
  'set',
  'dev',
  name,
  ...words,
];

/** The bridge has the adapter's MAC address: neighbours, leases and switches know the host by it. */
export function planShare(
  hostId: string,
  { name, mac, mtu }: Link,
  addressing: Addressing,
  links: readonly Link[],
): UsePlan {
  const left = bridgeFor(hostId, name, links);
  const taken = links.filter((link) => link !== left).map((link) => link.name);
  const bridge = freeName('uplink', new Set(taken));
  const named = { name: bridge, purpose: { kind: 'uplink', adapter: name } } as const;
  const type = ['type', 'bridge', 'forward_delay', '0'];
  return {
    calls: [
      ...(left === undefined ? [] : [['link', 'del', 'dev', left.name]]),
      ...makeLink(hostId, named, (made) => ['link', 'add', 'name', made, ...type]),
      ...(mac === undefined ? [] : [set(bridge, 'address', mac)]),
      ...(mtu === undefined ? [] : [set(bridge, 'mtu', String(mtu))]),
      set(bridge, 'up'),
      ...takeCalls(addressing, name),
      set(name, 'master', bridge),
      ...giveCalls(addressing, bridge),
    ],
    undo: [...takeCalls(addressing, bridge), set(name, 'nomaster'), ...giveCalls(addressing, name)],
    risk: 'cut-off',
    from: name,
    at: bridge,
    addressing,
    held: null,
  };
}

export function planUnshare(name: string, bridge: string, addressing: Addressing): UsePlan {
  return {
    calls: [
      ...takeCalls(addressing, bridge),
      set(name, 'nomaster'),
      ...giveCalls(addressing, name),
    ],
    undo: [
      ...takeCalls(addressing, name),
      set(name, 'master', bridge),
      ...giveCalls(addressing, bridge),
    ],
    risk: 'cut-off',
    from: bridge,
    at: name,
    addressing,
    held: null,
  };
}

export function planTake(name: string, { addresses, ofLink, routes }: ReadAddressing): UsePlan {
  const held = { addresses: [...addresses, ...ofLink], routes };
  return {
    calls: takeCalls(held, name),
    undo: giveCalls(held, name),
    risk: addresses.length > 0 ? 'cut-off' : 'none',
    from: null,
    at: name,
    addressing: noAddressing,
    held,
  };
}

export function planGive(name: string, held: Addressing): UsePlan {
  return {
    calls: giveCalls(held, name),
    undo: takeCalls(held, name),
    risk: held.addresses.some(({ address }) => !address.startsWith('fe80:')) ? 'cut-off' : 'none',
    from: null,
    at: name,
    addressing: held,
    held: null,
  };
}
