/**
 * Starting, stopping and saving, as operations of Gantry. As in libvirt, an answer comes when it is done; only what
 * asks a guest answers when the guest has been asked. What is so already is refused, where Gantry would ignore it.
 */
import { judgeAction, type PowerAction, type Vm } from '#api';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import { judged } from '../app/vm/judge.ts';
import { isActive, notNow, requireActive, type Connection } from './connection.ts';
import { untilVm } from './until-vm.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_CREATE'
  | 'DOMAIN_CREATE_WITH_FLAGS'
  | 'DOMAIN_SHUTDOWN'
  | 'DOMAIN_SHUTDOWN_FLAGS'
  | 'DOMAIN_REBOOT'
  | 'DOMAIN_RESET'
  | 'DOMAIN_INJECT_NMI'
  | 'DOMAIN_DESTROY'
  | 'DOMAIN_DESTROY_FLAGS'
  | 'DOMAIN_SUSPEND'
  | 'DOMAIN_RESUME'
  | 'DOMAIN_MANAGED_SAVE'
  | 'DOMAIN_MANAGED_SAVE_REMOVE'
  | 'DOMAIN_SET_AUTOSTART'
>;

/** virDomainCreateFlags. */
const startPaused = 1;
const startAutodestroy = 2;
const startForceBoot = 8;

/** virDomainShutdownFlagValues. */
const byAcpi = 1;
const byAgent = 2;

export function powerCalls(connection: Connection): Calls {
  const running = ({ uuid }: DomainHandle): Vm => {
    const vm = connection.find(uuid);
    requireActive(vm);
    return vm;
  };
  const start = async (
    { uuid }: DomainHandle,
    flags: number,
    signal: AbortSignal,
  ): Promise<DomainHandle> => {
    const vm = connection.find(uuid);
    if (isActive(vm)) throw notNow('domain is already running');
    if ((flags & startAutodestroy) !== 0)
      throw libvirtFault('ARGUMENT_UNSUPPORTED', 'a vm does not end with a connection');
    if ((flags & startForceBoot) !== 0 && vm.state === 'saved')
      await connection.act(vm, 'discard', signal);
    await connection.act(vm, (flags & startPaused) === 0 ? 'start' : 'hold', signal);
    return connection.handleOf(connection.find(uuid));
  };
  const shutDown = async (
    dom: DomainHandle,
    flags: number,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const vm = running(dom);
    await askGuest(connection, vm, shutdownAction(connection, vm, flags), signal);
    return {};
  };
  const act = async (
    dom: DomainHandle,
    action: PowerAction,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    await connection.act(running(dom), action, signal);
    return {};
  };
  return {
    DOMAIN_CREATE: async ({ dom }, { signal }) => {
      await start(dom, 0, signal);
      return {};
    },
    DOMAIN_CREATE_WITH_FLAGS: async ({ dom, flags }, { signal }) => ({
      dom: await start(dom, flags, signal),
    }),
    DOMAIN_SHUTDOWN: ({ dom }, { signal }) => shutDown(dom, 0, signal),
    DOMAIN_SHUTDOWN_FLAGS: ({ dom, flags }, { signal }) => shutDown(dom, flags, signal),
    DOMAIN_REBOOT: async ({ dom }, { signal }) => {
      await askGuest(connection, running(dom), 'reboot', signal);
      return {};
    },
    DOMAIN_RESET: ({ dom }, { signal }) => act(dom, 'reset', signal),
    DOMAIN_INJECT_NMI: ({ dom }, { signal }) => act(dom, 'nmi', signal),
    DOMAIN_DESTROY: ({ dom }, { signal }) => act(dom, 'turn-off', signal),
    DOMAIN_DESTROY_FLAGS: ({ dom }, { signal }) => act(dom, 'turn-off', signal),
    DOMAIN_SUSPEND: ({ dom }, { signal }) => act(dom, 'pause', signal),
    DOMAIN_RESUME: async ({ dom }, { signal }) => {
      const vm = running(dom);
      await connection.act(vm, vm.status.held ? 'release' : 'resume', signal);
      return {};
    },
    DOMAIN_MANAGED_SAVE: ({ dom }, { signal }) => act(dom, 'save', signal),
    DOMAIN_MANAGED_SAVE_REMOVE: async ({ dom }, { signal }) => {
      const vm = connection.find(dom.uuid);
      // libvirt's own drivers do nothing where there is none.
      if (vm.state === 'saved') await connection.act(vm, 'discard', signal);
      return {};
    },
    DOMAIN_SET_AUTOSTART: async ({ dom, autostart }, { signal }) => {
      const onHostStart = autostart === 0 ? 'off' : 'always';
      const vm = connection.find(dom.uuid);
      await connection.change(vm, { settings: { start: { onHostStart } } }, signal);
      return {};
    },
  };
}

/** Without a wish: through its additions where they answer, else by the power button. */
function shutdownAction(connection: Connection, vm: Vm, flags: number): PowerAction {
  if ((flags & ~(byAcpi | byAgent)) !== 0)
    throw libvirtFault('ARGUMENT_UNSUPPORTED', 'guests are shut down by ACPI or their agent');
  if (flags === byAgent) return 'shutdown';
  if (flags === byAcpi) return 'power-button';
  const { inventory } = connection.parts.coordinator;
  const { answer } = judgeAction('shutdown', judged(inventory, vm));
  return answer === 'take' ? 'shutdown' : 'power-button';
}

/** Until the guest is on its way, or has gone it, or the operation has failed. */
async function askGuest(
  connection: Connection,
  vm: Vm,
  action: PowerAction,
  signal: AbortSignal,
): Promise<void> {
  const begun = await connection.begin(vm, action, signal);
  const answered = new AbortController();
  const either = AbortSignal.any([signal, answered.signal]);
  try {
    await Promise.race([
      connection.end(begun, either),
      untilVm(
        connection.parts.coordinator.inventory,
        vm.id,
        (now) => now?.state !== 'running',
        either,
      ),
    ]);
  } finally {
    answered.abort();
  }
}
