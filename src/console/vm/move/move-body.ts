/** Where a vm is to go, the request that it comes to, and which hosts can take it. */
import { maxPace, minPace, type Host, type VmRelocate } from '#api';

/** While it stands still, or as it runs; between libvirt hosts in either case the second. */
export type MoveKind = 'relocate' | 'migrate';

/** Of the vm's own host all others of a move are. */
export type HostsOfMove = 'agents' | 'libvirt hosts';

export type PassageStorage = NonNullable<VmRelocate['disks']>;

export interface MoveAnswers {
  /** Id of a host; that of the vm's own: only the files move. */
  readonly host: string;
  /** Folder of that host; empty: the usual one. */
  readonly path: string;
  /** Between libvirt hosts: whether its disks are copied, or both hosts have them. */
  readonly disks: PassageStorage;
  /** Of a vm that goes as it runs, between agents: how fast each disk and its memory may go; null: as fast as they can. */
  readonly bytesPerSecond: number | null;
}

export const paceField = { min: minPace, max: maxPace, nullable: true } as const;

export function isPace(bytesPerSecond: number | null): boolean {
  return bytesPerSecond === null || (bytesPerSecond >= minPace && bytesPerSecond <= maxPace);
}

/** Undefined while it would move nothing, or at a pace that nothing has. */
export function moveBody(
  kind: MoveKind,
  { host, path, disks, bytesPerSecond }: MoveAnswers,
  own: string,
  between: HostsOfMove,
): VmRelocate | undefined {
  if (kind === 'migrate' && host === own) return undefined;
  if (between === 'libvirt hosts') return { host, disks };
  const folder = path.trim();
  if (host === own && folder === '') return undefined;
  const pace = kind === 'migrate' ? bytesPerSecond : null;
  if (!isPace(pace)) return undefined;
  return {
    ...(host === own ? {} : { host }),
    ...(folder === '' ? {} : { path: folder }),
    ...(pace === null ? {} : { bytesPerSecond: pace }),
  };
}

/** By the vm's own host, as far as the person sees that. */
export function hostsOfMove(
  kind: MoveKind,
  own: Pick<Host, 'connection'> | undefined,
): HostsOfMove {
  return kind === 'migrate' && own?.connection !== undefined && own.connection !== null
    ? 'libvirt hosts'
    : 'agents';
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
  own: Pick<Host, 'driver' | 'connection'> | undefined,
): WhyNotHost | undefined {
  const between = hostsOfMove(kind, own);
  if (between === 'agents' && connection !== null) return { kind: 'no-agent' };
  if (between === 'libvirt hosts' && connection === null) return { kind: 'no-libvirt' };
  const isSimulated = driver === 'simulated';
  if (own !== undefined && (own.driver === 'simulated') !== isSimulated)
    return { kind: 'simulated', which: isSimulated ? 'there' : 'here' };
  if (status !== 'ready') return { kind: 'status', status };
  const reason = facts?.missing[kind === 'migrate' ? 'migrate' : 'move'];
  return reason === undefined ? undefined : { kind: 'missing', reason };
}
