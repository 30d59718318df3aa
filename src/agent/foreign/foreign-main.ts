/**
 * The process that speaks with foreign hypervisors, one for a coordinator and started by it: what it is asked
 * comes over the channel it is started with, and it ends with that channel. It keeps nothing: what hypervisors run
 * is theirs to know, and secrets are given to it each time.
 */
import { foreignRequestSchema, type ForeignAnswer } from '#api';
import { describeFault, Fault, systemClock } from '#lib';
import { createLog } from '#log';
import { answerFault } from '../link/calls.ts';
import { ForeignConnection, tryTarget } from './connection.ts';
import type { Standing } from './passage/standing.ts';

/** For hypervisors to answer a farewell. */
const farewellMs = 5_000;

const log = createLog('foreign', process.argv[2] ?? 'info');
const open = new Map<string, AbortController>();
const connections = new Map<string, ForeignConnection>();
const end = new AbortController();

function send(answer: ForeignAnswer): void {
  // A channel that has closed is the end of this process.
  if (process.connected) process.send?.(answer, undefined, undefined, () => undefined);
}

function close(hostId: string): void {
  open.get(hostId)?.abort(new Fault('cancelled', 'the connection is not wanted any more'));
  open.delete(hostId);
}

function findStanding(hostId: string): Standing {
  const standing = connections.get(hostId)?.standing;
  if (standing !== undefined) return standing;
  throw new Fault('unavailable', 'the other hypervisor is not connected', {
    hint: 'look at it with: gantry host show',
  });
}

async function take(message: unknown): Promise<void> {
  const request = foreignRequestSchema.parse(message);
  switch (request.type) {
    case 'try': {
      const { id, target } = request;
      try {
        send({ type: 'tried', id, seen: await tryTarget(target, end.signal) });
      } catch (error) {
        send({ type: 'tried', id, fault: answerFault(error) });
      }
      return;
    }
    case 'open': {
      const { host: identity, target, known } = request;
      close(identity.id);
      const controller = new AbortController();
      open.set(identity.id, controller);
      const connection = new ForeignConnection({
        identity,
        target,
        clock: systemClock,
        log: log.child({ host: identity.name }),
        random: Math.random,
        known,
        others: findStanding,
        onState: (state) => {
          if (!controller.signal.aborted) send({ type: 'state', hostId: identity.id, state });
        },
      });
      connections.set(identity.id, connection);
      await connection.run(AbortSignal.any([end.signal, controller.signal]));
      if (connections.get(identity.id) === connection) connections.delete(identity.id);
      return;
    }
    case 'close':
      close(request.hostId);
  }
}

process.on('message', (message) => {
  take(message).catch((error: unknown) => {
    log.error({ why: describeFault(error) }, 'a request of the coordinator failed');
  });
});
process.once('disconnect', () => {
  end.abort(new Fault('cancelled', 'the coordinator ended'));
  setTimeout(() => process.exit(), farewellMs).unref();
});
// Signals of a terminal are for the coordinator, which ends this process in its turn.
process.on('SIGINT', () => undefined);
process.once('SIGTERM', () => process.disconnect?.());
