/** Which vm has which port of its host. Pure. */
import type { ViewerSettings } from '#api';
import { TakenNumbers } from '../inventory/taken-numbers.ts';

export interface VmPlace {
  readonly id: string;
  readonly hostId: string;
  /** The one it has, on whatever host. */
  readonly port: { readonly hostId: string; readonly port: number } | undefined;
}

export interface Assignment {
  /** By vm: the port it has from now on. */
  readonly ports: ReadonlyMap<string, number>;
  /** Vms for which there is none. */
  readonly without: readonly string[];
}

/** Of one host: whoever has a port in the range keeps it; the others get the lowest that are free, in their order. */
export function assignPorts(
  vms: readonly VmPlace[],
  { firstPort, ports: count }: Pick<ViewerSettings, 'firstPort' | 'ports'>,
): Assignment {
  const end = Math.min(firstPort + count, 65_536);
  const ports = new Map<string, number>();
  const taken = new TakenNumbers(firstPort);
  for (const { id, hostId, port } of vms) {
    if (port?.hostId !== hostId || port.port < firstPort || port.port >= end) continue;
    if (taken.take(port.port)) ports.set(id, port.port);
  }
  const without: string[] = [];
  for (const { id } of vms) {
    if (ports.has(id)) continue;
    const next = taken.lowestFree();
    if (next >= end) without.push(id);
    else {
      taken.take(next);
      ports.set(id, next);
    }
  }
  return { ports, without };
}
