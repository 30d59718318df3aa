/** What virsh tunes, of a vm with an agent: by its definition. One of a libvirt host is asked of its own libvirtd (ask-far.ts). */
import type { TuneProcedure } from '#api';
import { libvirtFault, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';
import { blockTuneCalls } from './block-tune-calls.ts';
import { interfaceTuneCalls } from './interface-tune-calls.ts';
import { memoryTuneCalls } from './memory-tune-calls.ts';
import { pinCalls } from './pin-calls.ts';
import { schedulerCalls } from './scheduler-calls.ts';
import { threadCalls } from './thread-calls.ts';
import { tuningCalls } from './tuning-calls.ts';

const limits =
  'limits of vms are settings of Gantry: gantry vm settings VM lists them, gantry vm set changes them';
const refuse = (): never => {
  throw libvirtFault('OPERATION_UNSUPPORTED', limits);
};

export function tuneCalls(connection: Connection): Pick<Handlers, TuneProcedure> {
  return {
    ...tuningCalls(connection),
    ...schedulerCalls(connection),
    ...interfaceTuneCalls(connection),
    ...blockTuneCalls(connection),
    ...memoryTuneCalls(connection),
    ...pinCalls(connection),
    ...threadCalls(connection),
    DOMAIN_SET_BLKIO_PARAMETERS: refuse,
    DOMAIN_SET_NUMA_PARAMETERS: refuse,
  };
}
