/** A host as the API shows it, and its one status (HOST-21). */
import type { ConnectionState, Host, HostConnection, HostLoad, HostStatus } from '#api';
import type { HostDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { viewHostViewers, type ViewerStanding } from '../../viewers/show.ts';

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
  /** When something was last kept of its vms; told where it was not heard of since the coordinator started. */
  readonly lastStoredAt: string | null;
  /** Of a host without an agent. */
  readonly foreign: ConnectionState | undefined;
  readonly load: HostLoad | undefined;
  /** Undefined until the host has said how its ports for viewers are. */
  readonly viewers: ViewerStanding | undefined;
  readonly vms: number;
}

export function viewHost(parts: HostParts): Host {
  const { host, connection, lastStoredAt, foreign, load, viewers, vms } = parts;
  const { name, driver, settings, facts, address = null, managerUrl = null } = host.data;
  const status = statusOf(host.data, connection);
  return {
    kind: 'host',
    id: host.id,
    name,
    driver,
    status,
    statusReason: status === 'ready' ? null : reasonOf(host.data, connection, foreign),
    version: host.version,
    createdAt: host.createdAt,
    updatedAt: host.updatedAt,
    lastSeenAt: connection.lastSeenAt ?? lastStoredAt,
    address,
    connection: viewConnection(host.data, foreign),
    managerUrl,
    viewers: viewHostViewers(host.data, connection.connected ? viewers : undefined),
    settings,
    facts,
    load: connection.connected ? (load ?? null) : null,
    vms,
  };
}

/** Of a connection the last error says more than the end of its link. */
function reasonOf(
  host: HostDocument,
  connection: Connection,
  foreign: ConnectionState | undefined,
): string | null {
  if (host.connection === undefined || connection.connected) return connection.reason;
  const error = foreign?.lastError?.message.slice(0, 500);
  return error ?? (connection === neverConnected ? 'it is being connected' : connection.reason);
}

function statusOf(host: HostDocument, connection: Connection): HostStatus {
  if (connection.status !== undefined) return connection.status;
  if (!connection.connected) return 'unreachable';
  return host.serviceRunning ? 'ready' : 'service-stopped';
}

const notYetConnected: ConnectionState = { state: 'connecting', latencyMs: null, lastError: null };

function viewConnection(
  { connection }: HostDocument,
  foreign: ConnectionState | undefined,
): HostConnection | null {
  if (connection === undefined) return null;
  const { address, user, unverified } = connection;
  const verification = unverified === 'allowed' ? 'none-allowed' : 'full';
  return { address, user, verification, ...(foreign ?? notYetConnected) };
}
