/** Where a vm is to go, the request that it comes to, and which hosts can take it. */
import type { Host, VmRelocate } from '#api';

export interface MoveAnswers {
  /** Id of a host; that of the vm's own: only the files move. */
  readonly host: string;
  /** Folder of that host; empty: the usual one. */
  readonly path: string;
}

/** Undefined while it would move nothing. */
export function moveBody({ host, path }: MoveAnswers, own: string): VmRelocate | undefined {
  const folder = path.trim();
  if (host === own && folder === '') return undefined;
  return { ...(host === own ? {} : { host }), ...(folder === '' ? {} : { path: folder }) };
}

/** Why a vm of another host cannot be moved to this one, as far as the host alone says it; undefined where it may take it. */
export type WhyNotHost =
  | { readonly kind: 'no-agent' }
  | { readonly kind: 'status'; readonly status: Host['status'] }
  | { readonly kind: 'missing'; readonly reason: string };

export function whyNotHost({
  connection,
  status,
  facts,
}: Pick<Host, 'connection' | 'status' | 'facts'>): WhyNotHost | undefined {
  if (connection !== null) return { kind: 'no-agent' };
  if (status !== 'ready') return { kind: 'status', status };
  const reason = facts?.missing['file-copy'];
  return reason === undefined ? undefined : { kind: 'missing', reason };
}
