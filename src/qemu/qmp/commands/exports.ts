/** Images of a machine that others may write, over NBD (qapi/block-export.json). */
import type { CommandOptions } from '../client.ts';
import { tell, type Monitor } from './ask.ts';

/** Listens on a Unix socket. A machine has at most one such server. */
export function nbdServerStart(
  monitor: Monitor,
  { socketPath, maxConnections }: { readonly socketPath: string; readonly maxConnections: number },
  options?: CommandOptions,
): Promise<void> {
  const addr = { type: 'unix', data: { path: socketPath } };
  return tell(monitor, 'nbd-server-start', { addr, 'max-connections': maxConnections }, options);
}

/** With all of its exports and connections. */
export function nbdServerStop(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'nbd-server-stop', undefined, options);
}

/** Clients may write it, also while the machine waits for its state. */
export function blockExportAdd(
  monitor: Monitor,
  { nodeName, exportName }: { readonly nodeName: string; readonly exportName: string },
  options?: CommandOptions,
): Promise<void> {
  const args = { type: 'nbd', id: exportName, 'node-name': nodeName, name: exportName };
  return tell(monitor, 'block-export-add', { ...args, writable: true }, options);
}
