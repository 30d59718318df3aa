/** Where a vm is to go, the request that it comes to, and which hosts can take it. */
import type { Host, VmRelocate } from '#api';

/** With its files between hosts with agents, or as it runs between libvirt hosts. */
export type MoveKind = 'relocate' | 'migrate';

export type PassageStorage = NonNullable<VmRelocate['disks']>;

export interface MoveAnswers {
  /** Id of a host; that of the vm's own: only the files move. */
  readonly host: string;
  /** Folder of that host; empty: the usual one. */
  readonly path: string;
  /** Between libvirt hosts: whether its disks are copied, or both hosts have them. */
  readonly disks: PassageStorage;
}

/** Undefined while it would move nothing. */
export function moveBody(
  kind: MoveKind,
  { host, path, disks }: MoveAnswers,
  own: string,
): VmRelocate | undefined {
  if (kind === 'migrate') return host === own ? undefined : { host, disks };
  const folder = path.trim();
  if (host === own && folder === '') return undefined;
  return { ...(host === own ? {} : { host }), ...(folder === '' ? {} : { path: folder }) };
}

/** Why a vm of another host cannot be moved to this one, as far as the host alone says it; undefined where it may take it. */
export type WhyNotHost =
  | { readonly kind: 'no-agent' }
  | { readonly kind: 'no-libvirt' }
  | { readonly kind: 'simulated'; readonly which: 'here' | 'there' }
  | { readonly kind: 'status'; readonly status: Host['status'] }
  | { readonly kind: 'missing'; readonly reason: string };

export function whyNotHost(
  kind: MoveKind,
  { connection, status, facts, driver }: Pick<Host, 'connection' | 'status' | 'facts' | 'driver'>,
  own: Pick<Host, 'driver'> | undefined,
): WhyNotHost | undefined {
  if (kind === 'relocate' && connection !== null) return { kind: 'no-agent' };
  if (kind === 'migrate' && connection === null) return { kind: 'no-libvirt' };
  const isSimulated = driver === 'simulated';
  if (own !== undefined && (own.driver === 'simulated') !== isSimulated)
    return { kind: 'simulated', which: isSimulated ? 'there' : 'here' };
  if (status !== 'ready') return { kind: 'status', status };
  const reason = facts?.missing[kind === 'migrate' ? 'migrate' : 'move'];
  return reason === undefined ? undefined : { kind: 'missing', reason };
}
