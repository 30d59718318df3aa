/**
 * Tells a client of what hypervisors that others run do with their networks, storage pools and devices, by the names that the
 * connection shows. One after the other, as they were told: to say what something is called, lists of hosts may be asked for, and
 * are not waited for longer than a client's own.
 */
import { describeFault } from '#lib';
import type { Session } from '#libvirt';
import type { HeardOfHost } from '../link/hypervisor-events.ts';
import type { Connection } from './connection.ts';
import { Networks } from './networks.ts';
import { nameOfTheirDevice } from './node-devices.ts';
import { handleOfTheirPool } from './pools.ts';
import { shownHosts } from './shown-hosts.ts';

/** Beyond it a client is told no more until it has caught up: it is one that reads nothing, or a host that does nothing else. */
const maxWaiting = 1_000;

/** Until what is answered is called. */
export function tellHostEvents(connection: Connection, session: Session): () => void {
  const { hypervisorEvents, log } = connection.parts.coordinator;
  const networks = new Networks(connection);
  let last = Promise.resolve();
  let waiting = 0;
  let isOver = false;
  const stop = hypervisorEvents.onToldOfHost((event) => {
    if (waiting >= maxWaiting) return;
    waiting += 1;
    last = last
      .then(async () => {
        if (!isOver) await tell(connection, session, networks, event);
      })
      .catch((error: unknown) => {
        log.debug({ fault: describeFault(error), name: event.name }, 'a client is not told');
      })
      .finally(() => {
        waiting -= 1;
      });
  });
  return () => {
    isOver = true;
    stop();
  };
}

async function tell(
  connection: Connection,
  session: Session,
  networks: Networks,
  { hostId, name, fields }: HeardOfHost,
): Promise<void> {
  const host = shownHosts(connection).find(({ id }) => id === hostId);
  if (host === undefined) return;
  switch (name) {
    case 'NETWORK_EVENT_LIFECYCLE':
      session.emit(name, { ...fields, net: await networks.handleOfTheirs(host, fields.net) });
      return;
    case 'STORAGE_POOL_EVENT_LIFECYCLE':
      session.emit(name, {
        ...fields,
        pool: await handleOfTheirPool(connection, host, fields.pool),
      });
      return;
    case 'STORAGE_POOL_EVENT_REFRESH':
      session.emit(name, {
        ...fields,
        pool: await handleOfTheirPool(connection, host, fields.pool),
      });
      return;
    case 'NODE_DEVICE_EVENT_LIFECYCLE':
      session.emit(name, {
        ...fields,
        dev: { name: nameOfTheirDevice(connection, host, fields.dev.name) },
      });
      return;
    case 'NODE_DEVICE_EVENT_UPDATE':
      session.emit(name, {
        ...fields,
        dev: { name: nameOfTheirDevice(connection, host, fields.dev.name) },
      });
  }
}
