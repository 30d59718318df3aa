/**
 * The status of a host (HOST-21) and the events of its changes (HOST-22, EVT-43 to EVT-46). What is told
 * last is remembered with the host, so that a restart of the coordinator tells nothing twice.
 */
import type { HostFacts, HostStatus } from '#api';
import { commitFresh } from '../app/commit-fresh.ts';
import { hostThing, installationThing } from '../app/things.ts';
import type { NewEvent } from '../store/store.ts';
import { agentState } from './agent-state.ts';
import type { LinkContext } from './context.ts';

/** The status of a host whose agent is connected. */
export function statusOfConnected(
  facts: HostFacts,
  serviceRunning: boolean,
): { readonly status: HostStatus; readonly reason: string | null } {
  if (facts.hypervisor.version === null) {
    const why = facts.missing.start ?? `${facts.hypervisor.name} is not installed`;
    return { status: 'hypervisor-not-installed', reason: why };
  }
  if (!serviceRunning)
    return { status: 'service-stopped', reason: 'the virtualization service is stopped' };
  return { status: 'ready', reason: null };
}

/** Tells the change of a status, then shows it. */
export async function tellStatus(
  context: LinkContext,
  hostId: string,
  told: {
    readonly status: HostStatus;
    readonly reason: string | null;
    readonly connected: boolean;
    readonly lastSeenAt: string | null;
    readonly events?: readonly NewEvent[];
  },
): Promise<void> {
  const { status, reason, connected, lastSeenAt } = told;
  if (context.inventory.document('host', hostId) === undefined) return;
  await commitFresh(context, () => {
    const agent = agentState(context.inventory, hostId);
    const oldStatus = agent.data.toldStatus;
    if (oldStatus === status) return undefined;
    return {
      ...agent.write({ ...agent.data, toldStatus: status }),
      events: [
        ...(told.events ?? []),
        hostEvent(context, hostId, 'host.agent.status-changed', {
          oldStatus: oldStatus ?? 'unknown',
          newStatus: status,
          cause: reason ?? 'the agent is connected',
        }),
      ],
    };
  });
  context.inventory.setConnection(hostId, { connected, reason, lastSeenAt, status });
}

/** An event about a host by the coordinator's own hand. */
export function hostEvent<
  N extends
    | 'host.agent.status-changed'
    | 'coordinator.connection.lost'
    | 'coordinator.connection.restored'
    | 'coordinator.inventory.synchronised',
>(
  context: LinkContext,
  hostId: string,
  name: N,
  attributes: NewEvent<N>['attributes'],
): NewEvent<N> {
  const event: NewEvent<N> = {
    name,
    target: hostThing(context.inventory, hostId),
    ancestors: [installationThing],
    actor: { kind: 'system', name: 'coordinator' },
    origin: null,
    correlationId: null,
    attributes,
  };
  return event;
}
