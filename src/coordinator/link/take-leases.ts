/** What the service of a network has leased: shown, and of networks that span hosts kept for the host that serves next. */
import { isDeepStrictEqual } from 'node:util';
import type { HostLease } from '#api';
import { commitFresh } from '../app/commit-fresh.ts';
import type { SpanDocument } from '../documents.ts';
import type { LinkContext } from './context.ts';

export async function takeLeases(
  context: LinkContext,
  hostId: string,
  network: string,
  leases: readonly HostLease[],
): Promise<void> {
  context.inventory.setNetworkLeases(hostId, network, leases);
  await commitFresh(context, () => {
    const span = context.inventory.document<SpanDocument>('span', network);
    // What comes from a host that serves no more is not the network's.
    if (span === undefined || span.data.host !== hostId) return undefined;
    if (isDeepStrictEqual(span.data.leases, leases)) return undefined;
    return {
      conditions: [{ kind: 'span', id: network, version: span.version }],
      writes: [{ kind: 'span', id: network, data: { ...span.data, leases } }],
    };
  });
}
