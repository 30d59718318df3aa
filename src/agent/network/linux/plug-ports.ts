/** Cables of machines in the bridges of their networks: what is plugged in elsewhere, or nowhere, is plugged in. */
import type { NetworkSpec } from '#api';
import type { Link } from './links.ts';
import type { Mends } from './mends.ts';
import { planPorts, type Call, type NetworkPlan } from './plan.ts';
import { portKey, tappedPorts, type Port } from './ports.ts';

export interface PlugWork {
  readonly hostId: string;
  readonly ports: ReadonlyMap<string, Port>;
  readonly plans: ReadonlyMap<NetworkSpec, NetworkPlan>;
  readonly links: readonly Link[];
  readonly mends: Mends;
  /** Never rejects: one cable that cannot be plugged in keeps none from it. */
  readonly call: (call: Call) => Promise<unknown>;
}

export async function plugPorts(work: PlugWork): Promise<void> {
  const { hostId, ports, plans, links, mends, call } = work;
  const bridges = new Map([...plans].map(([{ id }, { bridge }]) => [id, bridge]));
  const cables = tappedPorts(hostId, ports, links).map(
    ({ vm, adapter: { slot }, network, tap }) => {
      const bridge = network === null ? null : (bridges.get(network) ?? null);
      const calls = planPorts(hostId, [{ vm, slot, bridge }], links);
      return { key: portKey(vm, slot), tap, network, bridge, calls };
    },
  );
  mends.plugged(cables);
  for (const { calls } of cables) for (const one of calls) await call(one);
}
