/** Hypervisors that others run, as a connection is about them: a thing of theirs is called NAME@HOST. */
import type { Host } from '#api';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import type { Connection } from './connection.ts';
import { shownHosts } from './shown-hosts.ts';

export function isHypervisor({ facts }: Host): boolean {
  return facts?.foreign !== undefined;
}

/** Whether the connection is about one alone. */
export function isOfOneHypervisor({ parts: { coordinator, named } }: Connection): boolean {
  return named.scope.kind === 'host' && isForeignHost(coordinator.inventory, named.scope.id);
}

/**
 * Whose a description with this name is: of the hypervisor that the connection is about, else of the one behind the `@`; undefined:
 * of Gantry.
 */
export function hypervisorOf(connection: Connection, name: string): Host | undefined {
  const hosts = shownHosts(connection).filter(isHypervisor);
  if (isOfOneHypervisor(connection)) return hosts[0];
  const at = name.lastIndexOf('@');
  return at < 1 ? undefined : hosts.find((one) => one.name === name.slice(at + 1));
}

/** The name there of what is called so here. */
export function nameThere(name: string, host: Pick<Host, 'name'>): string {
  const suffix = `@${host.name}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}
