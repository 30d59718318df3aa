/** A vm of a libvirt host is asked of its own libvirtd, as the client asked; what that answers is the client's. */
import {
  guestReads,
  tuneReads,
  tuneWrites,
  type AskedProcedure,
  type TuneWrite,
  type Vm,
} from '#api';
import {
  packArgs,
  unpackReturn,
  type ArgsOf,
  type CallContext,
  type DomainHandle,
  type Handlers,
} from '#libvirt';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import type { Connection } from './connection.ts';
import { adapterAt, deviceAt } from './statistics-calls.ts';
import { untilFree } from './until-free.ts';

type Calls = Pick<Handlers, AskedProcedure>;
type Args = ArgsOf<AskedProcedure>;
type Handle = (args: Args, context: CallContext) => unknown;

const procedures: readonly AskedProcedure[] = [...tuneReads, ...tuneWrites, ...guestReads];
const writes: ReadonlySet<string> = new Set<TuneWrite>(tuneWrites);

/** The same calls, as a vm of either kind of host answers them. `own`: what a vm with an agent is answered. */
export function askedFar(connection: Connection, own: Calls): Calls {
  const entries = procedures.map((name) => {
    // The map of handlers is typed per procedure; here it is only known as one of them.
    const handle = own[name] as Handle;
    const either: Handle = async (args, context) => {
      const vm = connection.find(args.dom.uuid);
      const isFar = isForeignHost(connection.parts.coordinator.inventory, vm.hostId);
      return isFar
        ? await askFar(connection, vm, name, args, context.signal)
        : handle(args, context);
    };
    return [name, either] as const;
  });
  return Object.fromEntries(entries);
}

/** Errors: the hypervisor's own; `forbidden`; `unavailable` where its host is away. */
async function askFar(
  connection: Connection,
  vm: Vm,
  procedure: AskedProcedure,
  args: Args,
  signal: AbortSignal,
): Promise<unknown> {
  const { coordinator, desk, caller } = connection.parts;
  if (writes.has(procedure)) {
    desk.admit(caller, 'vm.update', { vm: vm.id });
    await untilFree(coordinator, vm.id, 'vm.update', signal);
  }
  const asked = packArgs(procedure, { ...args, ...namesThere(connection, vm, args) });
  const params = { id: vm.id, procedure, args: asked.toString('base64') };
  const { ret } = await coordinator.links.call(vm.hostId, 'machine.ask', params, { signal });
  return unpackReturn(procedure, Buffer.from(ret, 'base64'));
}

/** Devices have names of Gantry's here; there an adapter is known by its address, and a disk by its file. */
function namesThere(
  connection: Connection,
  vm: Vm,
  args: Args,
): { readonly dom: DomainHandle; readonly device?: string; readonly disk?: string } {
  const { dom } = args;
  if ('device' in args) return { dom, device: adapterAt(vm, args.device).adapter.mac };
  if (!('disk' in args) || args.disk === null || args.disk === '') return { dom };
  const { device } = deviceAt(connection, vm, args.disk);
  return { dom, disk: device.file ?? args.disk };
}
