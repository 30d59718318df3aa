/** The hosts that a connection is about, as far as its user sees them. */
import type { Host } from '#api';
import type { Connection } from './connection.ts';
import { showsHost } from './scope.ts';

export function shownHosts({ parts }: Connection): Host[] {
  const { coordinator, named, caller } = parts;
  const { inventory } = coordinator;
  return [...inventory.documents('host')]
    .filter(({ id }) => caller.may('host.view', { kind: 'host', id }))
    .flatMap(({ id }) => inventory.host(id) ?? [])
    .filter((host) => showsHost(named, host));
}

/** Threads of all of them; at least one. */
export function countProcessors(hosts: readonly Host[]): number {
  return Math.max(
    1,
    hosts.reduce((sum, { facts }) => sum + (facts?.processor.threads ?? 0), 0),
  );
}

/** libvirt's map of processors, the first one in the lowest bit: all of them, in as many bytes as they take or as are asked for. */
export function mapProcessors(count: number, mapBytes = Math.ceil(count / 8)): Buffer {
  return Buffer.from(
    Array.from({ length: mapBytes }, (_, index) => {
      const bits = Math.min(8, Math.max(0, count - index * 8));
      return (1 << bits) - 1;
    }),
  );
}
