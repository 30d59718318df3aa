/**
 * A vm of a libvirt host is asked of its own libvirtd, as the client asked; what that answers is the client's. Who
 * may ask is said by a route of the API; what reaches files of the host or the inside of a guest is a use of a special
 * function of the hypervisor (app/extensions.ts).
 */
import {
  dumpProcedures,
  guestReads,
  guestWrites,
  placeName,
  tuneReads,
  tuneWrites,
  type AskedProcedure,
  type RouteName,
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
import { noteExtension } from '../app/extensions.ts';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import { copyLimitMs } from '../app/vm/clone-steps.ts';
import type { Connection } from './connection.ts';
import { adapterAt } from './statistics-calls.ts';
import { untilFree } from './until-free.ts';

type Calls = Pick<Handlers, AskedProcedure>;
type Args = ArgsOf<AskedProcedure>;
type Handle = (args: Args, context: CallContext) => unknown;

/** What it takes. `extension`: also the right `host.extensions` on the host. */
interface Leave {
  readonly route: Extract<
    RouteName,
    'vm.show' | 'vm.update' | 'vm.flatten' | 'vm.extension' | 'vm.disk.content' | 'vm.memory'
  >;
  /** Whether it waits for an operation that has the vm. */
  readonly waits: boolean;
}

const reads: Leave = { route: 'vm.show', waits: false };
const tunes: Leave = { route: 'vm.update', waits: true };
const worksOnLayers: Leave = { route: 'vm.flatten', waits: true };
/** What is about work that is under way. */
const steersWork: Leave = { route: 'vm.flatten', waits: false };
const extends_: Leave = { route: 'vm.extension', waits: true };

/** VIR_DOMAIN_BLOCK_REBASE_COPY. */
const copies = 8;

const leaves: Readonly<Record<AskedProcedure, Leave | ((args: Args) => Leave | undefined)>> = {
  ...every(tuneReads, reads),
  ...every(tuneWrites, tunes),
  DOMAIN_GET_METADATA: (args) => (isDescription(args) ? undefined : reads),
  DOMAIN_SET_METADATA: (args) => (isDescription(args) ? undefined : tunes),
  ...every(guestReads, reads),
  DOMAIN_GET_BLOCK_JOB_INFO: reads,
  DOMAIN_BLOCK_JOB_ABORT: steersWork,
  DOMAIN_BLOCK_JOB_SET_SPEED: steersWork,
  DOMAIN_BLOCK_PULL: worksOnLayers,
  // Where a copy is written is said by whoever asks for it.
  DOMAIN_BLOCK_REBASE: (args) =>
    'flags' in args && (args.flags & copies) !== 0 ? extends_ : worksOnLayers,
  DOMAIN_BLOCK_COMMIT: worksOnLayers,
  DOMAIN_BLOCK_COPY: extends_,
  DOMAIN_SET_BLOCK_THRESHOLD: steersWork,
  ...every(guestWrites, extends_),
  ...every(dumpProcedures, extends_),
  DOMAIN_BLOCK_PEEK: { route: 'vm.disk.content', waits: false },
  DOMAIN_MEMORY_PEEK: { route: 'vm.memory', waits: false },
};

/** Which Gantry has of every vm. */
function isDescription(args: Args): boolean {
  return 'type' in args && args.type === 0;
}

function every<P extends AskedProcedure>(names: readonly P[], leave: Leave): Record<P, Leave> {
  return Object.fromEntries(names.map((name) => [name, leave])) as Record<P, Leave>;
}

/** The same calls, as a vm of either kind of host answers them. `own`: what a vm with an agent is answered. */
export function askedFar(connection: Connection, own: Calls): Calls {
  const entries = Object.entries(leaves).map(([key, leave]) => {
    const name = key as AskedProcedure;
    // The map of handlers is typed per procedure; here it is only known as one of them.
    const handle = own[name] as Handle;
    const either: Handle = async (args, context) => {
      const vm = connection.find(args.dom.uuid);
      if (!isForeignHost(connection.parts.coordinator.inventory, vm.hostId))
        return await handle(args, context);
      const asked = typeof leave === 'function' ? leave(args) : leave;
      if (asked === undefined) return await handle(args, context);
      return await askFar(connection, vm, name, args, asked, context.signal);
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
  { route, waits }: Leave,
  signal: AbortSignal,
): Promise<unknown> {
  const { coordinator, desk, caller } = connection.parts;
  if (route !== 'vm.show') {
    const words = route === 'vm.extension' ? { extension: wordOf(procedure) } : {};
    desk.admit(caller, route, { vm: vm.id, ...words });
  }
  if (route === 'vm.extension')
    await noteExtension(coordinator, caller, vm, wordOf(procedure), toldOf(args));
  if (waits) await untilFree(coordinator, vm.id, 'vm.update', signal);
  const asked = packArgs(procedure, { ...args, ...namesThere(vm, args) });
  const place = placeOf(connection, vm, args);
  const params = {
    id: vm.id,
    procedure,
    args: asked.toString('base64'),
    ...(place === undefined ? {} : { place }),
  };
  const limitMs = procedure.startsWith('DOMAIN_CORE_DUMP') ? copyLimitMs : undefined;
  const options = limitMs === undefined ? { signal } : { signal, limitMs };
  const { ret } = await coordinator.links.call(vm.hostId, 'machine.ask', params, options);
  return unpackReturn(procedure, Buffer.from(ret, 'base64'));
}

/** As special functions are called: `core-dump`. */
function wordOf(procedure: AskedProcedure): string {
  return procedure
    .replace(/^DOMAIN_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}

/** What of the host or of the guest is named. */
function toldOf(args: Args): string {
  const said: Readonly<Record<string, unknown>> = { ...args };
  for (const name of ['destxml', 'base', 'to', 'user', 'cpumap']) {
    const value = said[name];
    if (typeof value === 'string') return value;
  }
  return '';
}

/** Adapters have names of Gantry's here; there one is known by its address. */
function namesThere(vm: Vm, args: Args): { readonly dom: DomainHandle; readonly device?: string } {
  const { dom } = args;
  return 'device' in args ? { dom, device: adapterAt(vm, args.device).adapter.mac } : { dom };
}

/** Of the disk that is named; undefined where none is, and where it is none that Gantry knows: its libvirtd says so. */
function placeOf(connection: Connection, vm: Vm, args: Args): string | undefined {
  const said: Readonly<Record<string, unknown>> = { ...args };
  const named = said['disk'] ?? said['path'] ?? said['dev'];
  if (typeof named !== 'string') return undefined;
  const name = named.replace(/\[\d+\]$/, '');
  const device = connection
    .blockDevicesOf(vm)
    .find(({ target, file }) => target === name || file === name);
  if (device === undefined || device.bus === 'fdc') return undefined;
  return placeName({ ...device, bus: device.bus });
}
