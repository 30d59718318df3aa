/**
 * The virtualization service of a host: which machines start by themselves and what becomes of them when
 * it stops (HOST-23, HOST-24, HOST-50, HOST-51, VM-56 to VM-62).
 *
 * Invariants: (1) machines start in their order with their delays and stop in the reverse order, those of
 * one order together; (2) a stop ends when every machine has reached its end or the time is over, whatever
 * single machines do; (3) after an ordered stop nothing starts, not even by a restart of the agent; (4) after an
 * end of the operating system the next start of the agent is a start of the host (HOST-49).
 */
import { chooseShutdown, type Cause } from '#api';
import { describeFault } from '#lib';
import { systemCause } from '../machine/causes.ts';
import type { Machine } from '../machine/machine.ts';
import { checkRestore, checkStart } from '../machine/start.ts';
import { isLive } from './admission.ts';
import type { Host } from './host.ts';

const startLooks = 5;
const retryMs = 5_000;

export interface Service {
  /** After a start of the host machines start as their settings say; after one of the agent alone they are as they are. */
  resume(after: 'host-started' | 'agent-started'): void;
  start(cause: Cause, signal?: AbortSignal): Promise<void>;
  stop(cause: Cause, signal?: AbortSignal): Promise<void>;
  /** As `stop`, because the operating system ends: started again by the next start of the agent. */
  standDown(): Promise<void>;
  stopWaiting(): void;
}

export function runService(host: Host): Service {
  const ending = new AbortController();
  let starting: AbortController | undefined;

  const startMachines = async (): Promise<void> => {
    const controller = new AbortController();
    starting = controller;
    const signal = AbortSignal.any([controller.signal, ending.signal]);
    try {
      await startInOrder(host, signal);
    } catch (error) {
      if (!signal.aborted) host.log.error({ why: describeFault(error) }, 'start of the vms failed');
    } finally {
      if (starting === controller) starting = undefined;
    }
  };

  const endMachines = async (cause: Cause, why: string, signal?: AbortSignal): Promise<void> => {
    starting?.abort();
    await stopInOrder(host, cause, signal);
    host.emit(null, 'host.stopped', { cause: why }, cause);
  };

  return {
    resume(after) {
      if (!host.serviceRunning) return;
      if (after === 'agent-started') return;
      host.emit(null, 'host.started', {}, systemCause);
      void startMachines();
    },

    async start(cause) {
      if (host.serviceRunning) return;
      await host.setServiceRunning(true);
      host.emit(null, 'host.started', {}, cause);
      void startMachines();
    },

    async stop(cause, signal) {
      if (!host.serviceRunning) return;
      await host.setServiceRunning(false);
      await endMachines(cause, `stopped by ${cause.actor.name}`, signal);
    },

    async standDown() {
      if (!host.serviceRunning) return;
      await host.standDown();
      await endMachines(systemCause, 'the operating system of the host ends');
    },

    stopWaiting() {
      ending.abort();
    },
  };
}

function wantsStart({ file }: Machine): boolean {
  if (file.state !== 'off' && file.state !== 'saved') return false;
  const { onHostStart } = file.definition.settings.start;
  return onHostStart === 'always' || (onHostStart === 'if-was-running' && file.wasRunning);
}

const orderOf = (machine: Machine): number => machine.file.definition.settings.start.order;

function byName(one: Machine, other: Machine): number {
  const first = one.file.definition.name;
  const second = other.file.definition.name;
  return first < second ? -1 : Number(first > second);
}

async function startInOrder(host: Host, signal: AbortSignal): Promise<void> {
  const machines = [...host.machines.values()]
    .filter(wantsStart)
    .sort((one, other) => orderOf(one) - orderOf(other) || byName(one, other));
  for (const machine of machines) {
    signal.throwIfAborted();
    await startOne(host, machine, signal);
    const { delaySeconds } = machine.file.definition.settings.start;
    if (delaySeconds > 0) await host.clock.sleep(delaySeconds * 1000, signal);
  }
}

/** What is not there yet (a volume, a network) is waited for, then reported by the start itself (HOST-51). */
async function startOne(host: Host, machine: Machine, signal: AbortSignal): Promise<void> {
  const isSaved = machine.file.state === 'saved';
  const look = isSaved ? checkRestore : checkStart;
  for (let looks = 1; looks < startLooks; looks += 1) {
    if ((await look(host, machine.file)).ok) break;
    await host.clock.sleep(retryMs, signal);
  }
  try {
    await machine.actForHost(isSaved ? 'restore' : 'turn-on', {}, { signal });
  } catch (error) {
    host.log.warn({ vm: machine.id, why: describeFault(error) }, 'vm did not start by itself');
  }
}

async function stopInOrder(
  host: Host,
  cause: Cause,
  outer: AbortSignal | undefined,
): Promise<void> {
  const orders = new Map<number, Machine[]>();
  for (const machine of host.machines.values()) {
    if (!isLive(machine.file)) continue;
    const group = orders.get(orderOf(machine)) ?? [];
    group.push(machine);
    orders.set(orderOf(machine), group);
  }
  const limit = new AbortController();
  const timer = new AbortController();
  const time = host.clock
    .sleep(host.settings.stopTimeoutSeconds * 1000, timer.signal)
    .then(() => limit.abort())
    .catch(() => undefined);
  const signal = outer ? AbortSignal.any([limit.signal, outer]) : limit.signal;
  for (const order of [...orders.keys()].sort((one, other) => other - one)) {
    const group = orders.get(order) ?? [];
    await Promise.all(group.map((machine) => stopOne(host, machine, cause, signal)));
  }
  timer.abort();
  await time;
}

/**
 * The stop action; a guest that does not shut down is saved, and that is told (VM-61). One whose disk others go on
 * writing is not saved: it is shut down, or turned off (DISK-62).
 */
async function stopOne(
  host: Host,
  machine: Machine,
  cause: Cause,
  signal: AbortSignal,
): Promise<void> {
  const { onHostStop } = machine.file.definition.settings.shutdown;
  const [last, instead] =
    machine.judged().sharedDisk === undefined
      ? (['save', 'its state was saved'] as const)
      : (['turn-off', 'it was turned off'] as const);
  const options = { signal, cause: { ...systemCause, correlationId: cause.correlationId } };
  try {
    if (onHostStop === 'off') {
      await machine.actForHost('turn-off', {}, options);
      return;
    }
    if ((onHostStop === 'shutdown' || last !== 'save') && machine.file.state === 'running') {
      try {
        const action = chooseShutdown(machine.judged().additions);
        await machine.actForHost(action, { onTimeout: 'fail' }, options);
        return;
      } catch (error) {
        if (signal.aborted || !isLive(machine.file)) throw error;
        const told = { reason: describeFault(error), instead };
        host.emit(machine.id, 'vm.stop-fallback', told, options.cause);
      }
    }
    await machine.actForHost(last, {}, options);
  } catch (error) {
    host.log.warn({ vm: machine.id, why: describeFault(error) }, 'vm did not reach its end state');
  }
}
