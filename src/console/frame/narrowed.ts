/** The one host that pages are narrowed to, as it is chosen in the navigation; none is chosen at first. */
import type { Host } from '#api';
import { useList } from '../parts/ask.ts';
import { useRemembered } from '../parts/remembered.ts';

export interface Narrowed {
  readonly id: string;
  /** Fully qualified where the host knows itself so; undefined until it is read. */
  readonly title: string | undefined;
}

export interface HostChoice {
  /** All that may be seen, by name. */
  readonly hosts: readonly Host[];
  /** Undefined: all of them. */
  readonly chosen: Host | undefined;
  /** By its id; empty: all. */
  readonly choose: (id: string) => void;
}

const parseHost = (stored: unknown): string => (typeof stored === 'string' ? stored : '');
const question = { sort: 'name', limit: 1000, fields: 'id,name,status,facts.fullName' } as const;

export function useHostChoice(): HostChoice {
  const [id, choose] = useRemembered('server', parseHost);
  const { data } = useList('host.list', question);
  const hosts = data?.items ?? [];
  return { hosts, chosen: hosts.find((host) => host.id === id), choose };
}

/** Undefined: pages show what is on all hosts. Where the host is gone nothing is narrowed to it. */
export function useNarrowed(): Narrowed | undefined {
  const [id] = useRemembered('server', parseHost);
  const { data } = useList('host.list', question, { enabled: id !== '' });
  if (id === '') return undefined;
  if (data === undefined) return { id, title: undefined };
  const host = data.items.find((one) => one.id === id);
  return host && { id, title: host.facts?.fullName ?? host.name };
}

/** Of what the log has of a host and of all that was on it. */
export function eventsOn({ id }: Pick<Narrowed, 'id'>): string {
  return `target.id = "${id}" OR ancestors.id = "${id}"`;
}
