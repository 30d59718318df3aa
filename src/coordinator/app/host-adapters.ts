/** The adapters of a host, asked of its agent, which keeps what they are for (NET-34, docs/rfd/0026). */
import type { HostAdapterChange, HostAdapterChanged, HostAdapters } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { NetworkDocument } from '../documents.ts';

interface AdapterPlace {
  readonly hostId: string;
  readonly adapter: string;
}

/** Errors: `unavailable` where the host is away; `unsupported` where it looks after none. */
export async function listAdapters(
  { inventory, links }: Coordinator,
  hostId: string,
  signal: AbortSignal,
): Promise<HostAdapters> {
  const { adapters } = await links.call(hostId, 'host.adapters', {}, { signal });
  const items = adapters.map((one) => ({
    ...one,
    networks: one.networks.flatMap((id) => {
      const network = inventory.document<NetworkDocument>('network', id);
      return network === undefined ? [] : [{ id, name: network.data.name }];
    }),
  }));
  return { items };
}

/** Errors: those of the host: `not-found`, `refused`, `unavailable`. */
export async function setAdapter(
  { links }: Coordinator,
  { actor, correlationId }: Caller,
  { hostId, adapter }: AdapterPlace,
  change: HostAdapterChange,
  work: 'do' | 'check',
): Promise<HostAdapterChanged> {
  const cause = { actor, correlationId };
  // Whoever asked may be cut off by it: the host goes on with what it has begun.
  return links.call(hostId, 'host.adapter.set', { ...change, name: adapter, work, cause });
}

/** Errors: `refused` where nothing waits to be confirmed. */
export async function confirmAdapter(
  { links }: Coordinator,
  { actor, correlationId }: Caller,
  { hostId, adapter }: AdapterPlace,
): Promise<void> {
  const cause = { actor, correlationId };
  await links.call(hostId, 'host.adapter.confirm', { name: adapter, cause });
}
