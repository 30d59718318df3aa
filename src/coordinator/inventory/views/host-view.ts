/** A host as the API shows it, and its one status (HOST-21). */
import type { Host, HostLoad, HostStatus } from '#api';
import type { HostDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';

/** What is known of the connection to a host's agent. */
export interface Connection {
  readonly connected: boolean;
  readonly reason: string | null;
  readonly lastSeenAt: string | null;
  /** Absent: ready or service-stopped while connected, unreachable otherwise. */
  readonly status?: HostStatus;
}

export const neverConnected: Connection = {
  connected: false,
  reason: 'its agent has not connected since the coordinator started',
  lastSeenAt: null,
};

export interface HostParts {
  readonly host: Document<HostDocument>;
  readonly connection: Connection;
  readonly load: HostLoad | undefined;
  readonly vms: number;
}

export function viewHost({ host, connection, load, vms }: HostParts): Host {
  const { name, driver, settings, facts, address = null } = host.data;
  const status = statusOf(host.data, connection);
  return {
    kind: 'host',
    id: host.id,
    name,
    driver,
    status,
    statusReason: status === 'ready' ? null : connection.reason,
    version: host.version,
    createdAt: host.createdAt,
    updatedAt: host.updatedAt,
    lastSeenAt: connection.lastSeenAt,
    address,
    settings,
    facts,
    load: connection.connected ? (load ?? null) : null,
    vms,
  };
}

function statusOf(host: HostDocument, connection: Connection): HostStatus {
  if (connection.status !== undefined) return connection.status;
  if (!connection.connected) return 'unreachable';
  return host.serviceRunning ? 'ready' : 'service-stopped';
}
