/**
 * What is asked of one machine: of a libvirt host that a connection is about its own libvirtd, which is asked as the client asked. A fleet
 * has no mainboard, and no processor that could be compared with another.
 */
import { hostAskedProcedures, type HostAskedProcedure } from '#api';
import {
  libvirtFault,
  packArgs,
  unpackReturn,
  type ArgsOf,
  type CallContext,
  type Handlers,
} from '#libvirt';
import type { Connection } from './connection.ts';
import { isOfOneHypervisor } from './hypervisors.ts';
import { shownHosts } from './shown-hosts.ts';

type Calls = Pick<Handlers, HostAskedProcedure>;
type Args = ArgsOf<HostAskedProcedure>;
type Handle = (args: Args, context: CallContext) => unknown;

/** VIR_NODE_CPU_STATS_ALL_CPUS. */
const allProcessors = -1;

/** `own`: what is answered of all hosts together. */
export function machineCalls(
  connection: Connection,
  own: Pick<Handlers, 'NODE_GET_CPU_STATS'>,
): Calls {
  const entries = hostAskedProcedures.map((procedure) => {
    const either: Handle = async (args, context) => {
      const ofAll = 'cpuNum' in args && args.cpuNum === allProcessors;
      if (isOfOneHypervisor(connection) && !ofAll)
        return await ask(connection, procedure, args, context.signal);
      // The map of handlers is typed per procedure; here it is only known as one of them.
      if (procedure === 'NODE_GET_CPU_STATS') return (own[procedure] as Handle)(args, context);
      throw libvirtFault(
        'OPERATION_UNSUPPORTED',
        'this is answered for one libvirt host alone: connect to gantry:///host/NAME',
      );
    };
    return [procedure, either] as const;
  });
  return Object.fromEntries(entries);
}

/** Errors: the hypervisor's own; `forbidden`; `unavailable` where it is away. */
async function ask(
  connection: Connection,
  procedure: HostAskedProcedure,
  args: Args,
  signal: AbortSignal,
): Promise<unknown> {
  const { coordinator, desk, caller } = connection.parts;
  desk.admit(caller, 'host.list');
  const [host] = shownHosts(connection);
  if (host === undefined)
    throw libvirtFault('NO_SUPPORT', 'the host that the connection is about is not there any more');
  const params = { procedure, args: packArgs(procedure, args).toString('base64') };
  const { ret } = await coordinator.links.call(host.id, 'host.ask', params, { signal });
  return unpackReturn(procedure, Buffer.from(ret, 'base64'));
}
