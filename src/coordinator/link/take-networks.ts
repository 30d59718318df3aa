/** How a host carries networks, as it tells: kept in the inventory; what gets worse or well again is an event. */
import type { NetworkReport } from '#api';
import { hostThing, installationThing } from '../app/things.ts';
import type { NetworkDocument } from '../documents.ts';
import type { NewEvent } from '../store/store.ts';
import type { LinkContext } from './context.ts';

export async function takeNetworks(
  context: LinkContext,
  hostId: string,
  reports: readonly NetworkReport[],
): Promise<void> {
  const { inventory } = context;
  const events = reports.flatMap((report) => {
    const before = inventory.networkReports(report.id).get(hostId);
    return eventOf(context, hostId, before, report) ?? [];
  });
  inventory.setNetworkReports(hostId, reports);
  if (events.length > 0) await context.commit({ events });
}

/** Of a host that has just connected only what is wrong is news. */
function eventOf(
  { inventory }: LinkContext,
  hostId: string,
  before: NetworkReport | undefined,
  { id, state, reasons }: NetworkReport,
): NewEvent | undefined {
  const network = inventory.document<NetworkDocument>('network', id);
  const was = before?.state ?? 'ready';
  const reason = reasons[0]?.text ?? '';
  const same = was === state && (state === 'ready' || reason === before?.reasons[0]?.text);
  if (network === undefined || same) return undefined;
  const host = hostThing(inventory, hostId);
  const frame = {
    target: { kind: 'network', id, name: network.data.name },
    ancestors: [host, installationThing],
    actor: { kind: 'system', name: host.name },
    origin: null,
    correlationId: null,
  } as const;
  return state === 'ready'
    ? { ...frame, name: 'network.restored', attributes: { host: host.name } }
    : { ...frame, name: 'network.failed', attributes: { host: host.name, state, reason } };
}
