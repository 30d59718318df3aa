/**
 * Power actions as calls to a hypervisor. Each is done when the vm is seen in the state that it leads to.
 * What libvirt has no call for is told beforehand as a missing ability (facts.ts), and refused here all the same.
 */
import {
  describeAct,
  vmActionFacts,
  vmStateFacts,
  type LinkParams,
  type PowerAction,
  type VmActionRequest,
  type VmState,
} from '#api';
import { Fault, isFault, systemClock, toFault } from '#lib';
import { libvirtFacts, type Client, type DomainHandle } from '#libvirt';
import { missingAbilities } from './abilities.ts';
import { isNotKnown } from './not-known.ts';
import type { ForeignMachines } from './machines.ts';

export interface ActTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  /** As libvirt's driver calls itself. */
  readonly hypervisor: () => string;
  /** Looks at the hypervisor now. */
  readonly look: () => Promise<void>;
}

/** How long a guest may take to shut down, and a container to restart, when nobody says. */
const defaultShutdownSeconds = 120;
const defaultRebootSeconds = 30;
/**
 * Between the end of a domain and its start. libvirtd (9.0) hears of the end of the old process beside the call that ended it, and takes
 * it for the end of the new one where that is there by then: the domain is off again, as if it had crashed.
 */
const settleMs = 250;
/** virDomainShutdownFlagValues, and virDomainRebootFlagValues with the same numbers. */
const byPowerButton = 1;
const bySignal = 8;

/** What it is in while the call is under way; undefined: in what it is seen in. */
const meanwhile: Readonly<Partial<Record<PowerAction, VmState>>> = {
  'turn-on': 'starting',
  restore: 'restoring',
  save: 'saving',
  'turn-off': 'turning-off',
  resume: 'resuming',
  shutdown: 'shutting-down',
  'power-button': 'shutting-down',
  reset: 'resetting',
  reboot: 'resetting',
  restart: 'resetting',
};

/** Errors: `refused`, `unsupported`, `timeout`, `stale`, and the hypervisor's own. */
export async function act(
  tools: ActTools,
  { id, action, generation, cause, request }: LinkParams<'machine.act'>,
  signal: AbortSignal,
): Promise<void> {
  const { machines, look } = tools;
  requirePlain(action, request);
  const { handle, state } = machines.find(id);
  const startsAnew = action === 'restart' ? { startsAnew: true as const } : {};
  using _act = machines.enter(id, generation, { state: meanwhile[action], cause, ...startsAnew });
  // Asked for again by somebody who has lost the answer.
  if (vmActionFacts(action).to === state) return;
  try {
    const isContainer = tools.hypervisor().toLowerCase() === 'lxc';
    if (action === 'reboot' && isContainer)
      await rebootContainer(tools, { id, handle, action, request, signal });
    else await call(tools, action, handle, signal);
    if (action === 'shutdown' || action === 'power-button')
      await untilOff(tools, { id, handle, action, request, signal });
    if (action === 'nmi') machines.emit(id, 'vm.nmi.injected', {});
    if (action === 'reset' || action === 'reboot' || action === 'restart')
      machines.emit(id, 'vm.state.reset', { cause: 'person', how: action });
  } catch (error) {
    const fault = toFault(error);
    throw new Fault(fault.code, `cannot ${describeAct(action, handle.name)}`, {
      cause: fault,
      hint: fault.hint,
    });
  } finally {
    await look().catch(() => undefined);
  }
}

async function call(
  { client, hypervisor }: ActTools,
  action: PowerAction,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<void> {
  const options = { signal };
  switch (action) {
    case 'turn-on':
    // A hypervisor that holds the saved memory goes on from it, and uses it up.
    case 'restore':
      await client.call('DOMAIN_CREATE', { dom }, options);
      return;
    case 'pause':
      await client.call('DOMAIN_SUSPEND', { dom }, options);
      return;
    case 'resume':
      await client.call('DOMAIN_RESUME', { dom }, options);
      return;
    case 'save':
      await client.call('DOMAIN_MANAGED_SAVE', { dom, flags: 0 }, options);
      return;
    case 'discard':
      await client.call('DOMAIN_MANAGED_SAVE_REMOVE', { dom, flags: 0 }, options);
      return;
    case 'shutdown':
      await client.call('DOMAIN_SHUTDOWN', { dom }, options);
      if (hypervisor().toLowerCase() === 'lxc')
        await signalInit(() =>
          client.call('DOMAIN_SHUTDOWN_FLAGS', { dom, flags: bySignal }, options),
        );
      return;
    case 'power-button':
      await pressPowerButton(client, dom, signal);
      return;
    case 'reboot':
      await client.call('DOMAIN_REBOOT', { dom, flags: 0 }, options);
      return;
    case 'turn-off':
      await client.call('DOMAIN_DESTROY', { dom }, options);
      return;
    case 'reset':
      await client.call('DOMAIN_RESET', { dom, flags: 0 }, options);
      return;
    case 'nmi':
      await client.call('DOMAIN_INJECT_NMI', { dom, flags: 0 }, options);
      return;
    case 'restart':
      await client.call('DOMAIN_DESTROY', { dom }, options);
      await systemClock.sleep(settleMs, signal);
      await client.call('DOMAIN_CREATE', { dom }, options);
      return;
    case 'hold':
    case 'release':
    case 'update-additions':
    case 'commit-undo':
    case 'discard-undo':
      throw lacking(action);
  }
}

/**
 * The driver for LXC writes to init's own pipe first, and takes that for done also where there is none (libvirt 9), as in all
 * containers that have one program alone. An init that has heard of it already leaves the signal alone.
 */
async function signalInit(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    // It has gone at the first word.
    if (!isFault(error) || libvirtFacts(error)?.name !== 'OPERATION_INVALID') throw error;
  }
}

/**
 * As with a shutdown the driver takes for done what nobody has heard. A container that has restarted has another number, that of
 * its new process. Errors: `timeout`, `refused` where it has gone and not come back.
 */
async function rebootContainer(
  { client, machines, look }: ActTools,
  { id, handle: dom, request, signal }: Asked,
): Promise<void> {
  await client.call('DOMAIN_REBOOT', { dom, flags: 0 }, { signal });
  await signalInit(() => client.call('DOMAIN_REBOOT', { dom, flags: bySignal }, { signal }));
  await look();
  const limitSeconds = request.timeoutSeconds ?? defaultRebootSeconds;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitSeconds * 1000)]);
  const isAnother = (): boolean => machines.find(id).handle.id !== dom.id;
  if (!(await machines.until(id, isAnother, limit))) {
    signal.throwIfAborted();
    throw new Fault('timeout', `its init did not restart it within ${limitSeconds} s`, {
      hint: 'turn it off and on: the action restart',
    });
  }
  if (vmStateFacts[machines.find(id).state].live) return;
  throw new Fault('refused', 'its init has ended, and has not restarted it', {
    hint: 'turn it on again',
  });
}

/** Not every hypervisor has one to press. */
async function pressPowerButton(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.call('DOMAIN_SHUTDOWN_FLAGS', { dom, flags: byPowerButton }, { signal });
  } catch (cause) {
    if (!isNotKnown(cause)) throw cause;
    const hint = 'shut the guest down instead';
    throw new Fault('unsupported', 'its hypervisor has no power button to press', { cause, hint });
  }
}

interface Asked {
  readonly id: string;
  readonly handle: DomainHandle;
  readonly action: PowerAction;
  readonly request: VmActionRequest;
  readonly signal: AbortSignal;
}

async function untilOff(
  tools: ActTools,
  { id, handle, action, request, signal }: Asked,
): Promise<void> {
  const { machines, look } = tools;
  const limitSeconds = request.timeoutSeconds ?? defaultShutdownSeconds;
  const means = action === 'shutdown' ? 'guest agent' : 'power button';
  machines.emit(id, 'vm.shutdown.requested', { means });
  await look();
  const isOff = (state: VmState): boolean => !vmStateFacts[state].live;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitSeconds * 1000)]);
  if (await machines.until(id, isOff, limit)) return;
  signal.throwIfAborted();
  const next = request.onTimeout ?? 'fail';
  const words = {
    fail: 'it stays running',
    save: 'its state is saved',
    'turn-off': 'it is turned off',
  };
  machines.emit(id, 'vm.shutdown.timed-out', { timeoutSeconds: limitSeconds, next: words[next] });
  if (next === 'fail')
    throw new Fault('timeout', `its guest did not shut down within ${limitSeconds} s`, {
      hint: 'look at its screen, wait longer, or turn it off',
    });
  await call(tools, next, handle, signal);
}

/** What a request may ask for beyond the action itself is not known to libvirt. */
function requirePlain(action: PowerAction, request: VmActionRequest): void {
  const { ability } = vmActionFacts(action);
  if (ability !== undefined && missingAbilities[ability] !== undefined) throw lacking(action);
  for (const [what, value] of [
    ['a boot device for one start', request.bootOnce],
    ['a start without some devices', request.without],
  ] as const)
    if (value !== undefined)
      throw new Fault('unsupported', `${what} is not something that libvirt knows`);
}

function lacking(action: PowerAction): Fault {
  const { ability, label } = vmActionFacts(action);
  const reason = ability === undefined ? undefined : missingAbilities[ability];
  return new Fault('unsupported', reason ?? `libvirt has no call for: ${label.toLowerCase()}`);
}
