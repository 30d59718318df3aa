/**
 * What virsh tunes: of a vm with an agent by its definition, of a vm of a libvirt host by its own libvirtd, which is asked as the
 * client asked and whose answer is the client's.
 */
import { tuneReads, tuneWrites, type TuneProcedure, type TuneWrite, type Vm } from '#api';
import {
  libvirtFault,
  packArgs,
  unpackReturn,
  type ArgsOf,
  type CallContext,
  type DomainHandle,
  type Handlers,
} from '#libvirt';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import type { Connection } from './connection.ts';
import { interfaceTuneCalls } from './interface-tune-calls.ts';
import { memoryTuneCalls } from './memory-tune-calls.ts';
import { pinCalls } from './pin-calls.ts';
import { schedulerCalls } from './scheduler-calls.ts';
import { adapterAt, deviceAt } from './statistics-calls.ts';
import { tuningCalls } from './tuning-calls.ts';
import { untilFree } from './until-free.ts';

type Calls = Pick<Handlers, TuneProcedure>;
type Args = ArgsOf<TuneProcedure>;
type Handle = (args: Args, context: CallContext) => unknown;

const procedures: readonly TuneProcedure[] = [...tuneReads, ...tuneWrites];
const writes: ReadonlySet<string> = new Set<TuneWrite>(tuneWrites);

const limits =
  'limits of vms are settings of Gantry: gantry vm settings VM lists them, gantry vm set changes them';
const refuse = (): never => {
  throw libvirtFault('OPERATION_UNSUPPORTED', limits);
};

export function tuneCalls(connection: Connection): Calls {
  const own: Calls = {
    ...tuningCalls(connection),
    ...schedulerCalls(connection),
    ...interfaceTuneCalls(connection),
    ...memoryTuneCalls(connection),
    ...pinCalls(connection),
    DOMAIN_SET_BLKIO_PARAMETERS: refuse,
    DOMAIN_SET_NUMA_PARAMETERS: refuse,
    DOMAIN_SET_BLOCK_IO_TUNE: refuse,
  };
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
  procedure: TuneProcedure,
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
  const { ret } = await coordinator.links.call(vm.hostId, 'machine.tune', params, { signal });
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
