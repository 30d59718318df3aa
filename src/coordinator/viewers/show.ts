/** How native viewers stand, as the API shows it. Pure. */
import {
  noViewers,
  tellFinding,
  type Finding,
  type HostViewers,
  type ViewerSettings,
  type Vm,
  type VmViewer,
} from '#api';
import type { HostDocument, ViewerPortDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** What a connected host has said of its ports. */
export interface ViewerStanding {
  readonly state: 'listening' | 'failed';
  readonly reason: string | null;
}

/** `standing` is undefined while the host has not been told, or is away. */
export function viewHostViewers(
  host: Pick<HostDocument, 'settings' | 'address' | 'connection'>,
  standing: ViewerStanding | undefined,
): HostViewers {
  const { enabled, address, firstPort, ports, unencrypted } = host.settings.viewers;
  const last = Math.min(firstPort + ports - 1, 65_535);
  const shown = {
    address: address ?? host.address ?? null,
    ports: `${firstPort}-${last}`,
    tls: unencrypted === 'allowed' ? 'optional' : 'required',
  } as const;
  if (host.connection !== undefined)
    return { ...shown, state: 'unsupported', reason: 'it has no agent that could listen' };
  if (!enabled) return { ...shown, state: 'off', reason: null };
  if (standing === undefined)
    return { ...shown, state: 'unknown', reason: 'its agent has not said yet' };
  return { ...shown, ...standing };
}

export function viewVmViewer(
  inventory: Pick<Inventory, 'document' | 'host'>,
  { id, hostId }: Pick<Vm, 'id' | 'hostId'>,
): VmViewer {
  const host = inventory.host(hostId);
  const kept = inventory.document<ViewerPortDocument>('viewer-port', id)?.data;
  const port = kept?.hostId === hostId ? kept.port : null;
  const { signIn } = host?.settings.viewers ?? noViewers;
  if (host === undefined)
    return { state: 'unknown', reason: null, address: null, port, tls: 'required', signIn };
  const { state, reason, address, tls } = host.viewers;
  const isShort = port === null && (state === 'listening' || state === 'failed');
  const why = isShort ? 'all ports of its host are taken: settings.viewers.ports has more' : reason;
  return { state: isShort ? 'failed' : state, reason: why, address, port, tls, signIn };
}

/** Of a host that lets viewers in; `certificate` is what is wrong with the one they are shown. */
export function findViewerWarnings(
  host: string,
  { unencrypted }: ViewerSettings,
  certificate: string | undefined,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (unencrypted === 'allowed')
    findings.push({
      check: 'viewers',
      result: 'warning',
      ...tellFinding('viewers-unencrypted', { host }),
    });
  if (certificate !== undefined)
    findings.push({
      check: 'viewers',
      result: 'warning',
      ...tellFinding('viewers-certificate', { host, why: certificate }),
    });
  return findings;
}
