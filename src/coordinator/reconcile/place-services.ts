/**
 * Who serves a network that spans hosts: one of those that carry it, until it is away or carries it no more.
 *
 *   nobody yet, not a member any more -> at once        away for `graceMs` -> another member that is connected
 *
 * Invariant: the term grows with every move, and the new one begins with the leases that were known last.
 */
import { networkThing } from '../app/network/show-network.ts';
import { spanAddress, spanMembers } from '../app/network/spans.ts';
import { hostThing, installationThing } from '../app/things.ts';
import type { Coordinator } from '../context.ts';
import type { HostDocument, SpanDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Document, NewEvent } from '../store/store.ts';
import type { Reconciler } from './loop.ts';

/** An agent that starts again is not away. */
const usualGraceMs = 15_000;

type Context = Pick<Coordinator, 'inventory' | 'links' | 'clock' | 'commit'>;

export function placeServices(context: Context, graceMs = usualGraceMs): Reconciler {
  const { inventory, links, clock, commit } = context;
  /** By host: since when it is seen to be away. */
  const awaySince = new Map<string, number>();
  const look = (): void => {
    for (const { id } of inventory.documents('host'))
      if (links.connected(id)) awaySince.delete(id);
      else if (!awaySince.has(id)) awaySince.set(id, clock.now());
  };
  const isGone = (host: string): boolean => {
    const since = awaySince.get(host);
    return since !== undefined && clock.now() - since >= graceMs;
  };
  return {
    name: 'place-services',
    everyMs: 2_000,
    async run() {
      look();
      for (const [network, members] of spanMembers(inventory)) {
        const span = inventory.document<SpanDocument>('span', network);
        const now = span?.data.host;
        if (now !== undefined && members.has(now) && !isGone(now)) continue;
        const next = chooseHost(
          inventory,
          [...members.keys()].filter((id) => links.connected(id)),
        );
        if (next === undefined || next === now) continue;
        const leases = span?.data.leases ?? [];
        const data: SpanDocument = {
          host: next,
          term: (span?.data.term ?? 0) + 1,
          handed: leases,
          leases,
        };
        const before = span?.version;
        await commit({
          conditions: [
            before === undefined
              ? { kind: 'span', id: network, absent: true }
              : { kind: 'span', id: network, version: before },
          ],
          writes: [{ kind: 'span', id: network, data }],
          events: movedEvents(inventory, network, span, next),
        });
      }
    },
  };
}

/** One that others can reach before one that they cannot; of several always the same. */
function chooseHost(inventory: Inventory, connected: readonly string[]): string | undefined {
  const reachable = (id: string): boolean => {
    const host = inventory.document<HostDocument>('host', id)?.data;
    return host !== undefined && spanAddress(host) !== null;
  };
  const sorted = [...connected].sort();
  return sorted.find(reachable) ?? sorted[0];
}

/** The first host of a network is no news. */
function movedEvents(
  inventory: Inventory,
  network: string,
  span: Document<SpanDocument> | undefined,
  next: string,
): NewEvent[] {
  if (span === undefined) return [];
  return [
    {
      name: 'network.service-moved',
      target: networkThing(inventory, network),
      ancestors: [installationThing],
      actor: { kind: 'system', name: 'coordinator' },
      origin: null,
      correlationId: null,
      attributes: {
        from: hostThing(inventory, span.data.host).name,
        to: hostThing(inventory, next).name,
      },
    },
  ];
}
