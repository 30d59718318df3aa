/**
 * Events of an agent become events of the one log (EVT-10): those already taken in are left out by their
 * number, the rest is committed in order, together with the highest number; then it is acknowledged.
 */
import {
  eventCatalogue,
  eventFacts,
  isEventName,
  type AgentEvent,
  type Attribute,
  type EventAttributes,
  type EventName,
  type Thing,
} from '#api';
import { commitFresh } from '../app/commit-fresh.ts';
import { agentState } from './agent-state.ts';
import { networkThing } from '../app/network/show-network.ts';
import { ancestorsOf, hostThing, installationThing, vmThing } from '../app/things.ts';
import type { VmDocument } from '../documents.ts';
import type { NewEvent } from '../store/store.ts';
import type { LinkContext } from './context.ts';

/** Answers the number up to which everything is committed. */
export async function takeEvents(
  context: LinkContext,
  hostId: string,
  events: readonly AgentEvent[],
): Promise<number> {
  let upTo = 0;
  await commitFresh(context, () => {
    const agent = agentState(context.inventory, hostId);
    const have = agent.data.lastEventSeq;
    const fresh = events.filter(({ seq }) => seq > have).sort((one, other) => one.seq - other.seq);
    upTo = Math.max(have, ...fresh.map(({ seq }) => seq));
    if (fresh.length === 0) return undefined;
    if (fresh[0]?.seq !== have + 1)
      context.log.warn({ hostId, have, got: fresh[0]?.seq }, 'events of a host are missing');
    return {
      ...agent.write({ ...agent.data, lastEventSeq: upTo }),
      events: fresh.flatMap((event) => translate(context, hostId, event) ?? []),
    };
  });
  return upTo;
}

function translate(context: LinkContext, hostId: string, event: AgentEvent): NewEvent | undefined {
  if (!isEventName(event.name)) {
    context.log.warn({ hostId, name: event.name }, 'an agent told an event that is not known here');
    return undefined;
  }
  const target = targetOf(context, hostId, event.name, event);
  if (target === undefined) {
    context.log.warn({ hostId, name: event.name }, 'an agent told an event of nothing');
    return undefined;
  }
  // What of a network is told by a host is about that host.
  const isOfHost =
    target.kind === 'network' ||
    (target.kind === 'vm' && context.inventory.document('vm', target.id) === undefined);
  return {
    name: event.name,
    target,
    ancestors: isOfHost
      ? [hostThing(context.inventory, hostId), installationThing]
      : ancestorsOf(context.inventory, target),
    actor: event.actor,
    origin: null,
    correlationId: event.correlationId,
    attributes: complete(event.name, event.attributes),
    time: event.time,
  };
}

function targetOf(
  context: LinkContext,
  hostId: string,
  name: EventName,
  { vmId, attributes }: AgentEvent,
): Thing | undefined {
  const { target } = eventFacts(name);
  if (target === 'host') return hostThing(context.inventory, hostId);
  if (target === 'network') return networkOf(context, attributes['network']);
  if (target !== 'vm' || vmId === null) return undefined;
  const vm = context.inventory.document<VmDocument>('vm', vmId)?.data;
  return vm === undefined ? { kind: 'vm', id: vmId, name: vmId } : vmThing(vmId, vm);
}

/** By its id; undefined where it was deleted meanwhile. */
function networkOf({ inventory }: LinkContext, id: Attribute | undefined): Thing | undefined {
  const network = typeof id === 'string' ? inventory.document('network', id) : undefined;
  return network && networkThing(inventory, network.id);
}

/** The attributes that the catalogue names, each present. */
function complete<N extends EventName>(
  name: N,
  given: Readonly<Record<string, Attribute>>,
): EventAttributes<N> {
  const attributes: Record<string, Attribute> = {};
  for (const key of Object.keys(eventCatalogue[name].attributes))
    attributes[key] = Object.hasOwn(given, key) ? (given[key] ?? null) : null;
  return attributes as EventAttributes<N>;
}
