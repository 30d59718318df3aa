/**
 * Vms are judged by what is known of them. Where their hosts are about to come back, as all are after a start of the coordinator, an
 * operation that goes on waits for them as a call would, instead of judging by nothing.
 */
import { Fault } from '#lib';
import type { Coordinator } from '../context.ts';
import { hostThing } from './things.ts';
import type { Work } from './work.ts';

/** Errors: why the work's signal aborts. */
export async function settleHosts(
  { coordinator: { inventory, links }, signal }: Pick<Work, 'coordinator' | 'signal'>,
  vms: Iterable<string>,
): Promise<void> {
  const hosts = new Set<string>();
  for (const id of vms) {
    const hostId = inventory.vm(id)?.hostId;
    if (hostId !== undefined) hosts.add(hostId);
  }
  await Promise.all([...hosts].map((hostId) => links.whenSettled(hostId, signal)));
}

/** For requests that ask a host something. Errors: `unavailable` when it is away, and not about to come back. */
export async function requireConnected(
  { inventory, links }: Pick<Coordinator, 'inventory' | 'links'>,
  hostId: string,
  signal?: AbortSignal,
): Promise<void> {
  await links.whenSettled(hostId, signal);
  if (links.connected(hostId)) return;
  const { name } = hostThing(inventory, hostId);
  throw new Fault('unavailable', `host ${name} is not connected`, {
    hint: `look at it with: gantry host show ${name}`,
  });
}
