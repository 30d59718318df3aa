/** The part of a host in memory by which vms come from it to another one, as between two connections of one process. */
import { Fault } from '#lib';
import type { LinkMethod, LinkParams, LinkResult } from '#api';
import type { MemoryMachine, MemoryMachines } from './memory-machine.ts';

type PassageMethod = Extract<LinkMethod, `machine.passage${string}`>;
type PassageHandlers = {
  readonly [M in PassageMethod]: (params: LinkParams<M>) => LinkResult<M>;
};

export interface PassageHost extends Pick<MemoryMachines, 'report'> {
  readonly hostId: string;
  readonly machines: Map<string, MemoryMachine>;
  readonly files: Set<string>;
  /** Every host of the world, this one among them. */
  readonly peers: readonly PassageHost[];
}

export function memoryPassage(host: PassageHost): PassageHandlers {
  const find = (id: string): PassageHost =>
    host.peers.find(({ hostId }) => hostId === id) ?? fail('unavailable', 'no such host');
  return {
    'machine.passage.plan': () => ({ ok: true, reasons: [], warnings: [] }),
    'machine.passage': ({ id, to }) => {
      const machine = host.machines.get(id);
      const other = find(to);
      if (machine === undefined)
        return other.machines.has(id) ? {} : fail('not-found', 'neither host has it');
      other.machines.set(id, machine);
      host.machines.delete(id);
      for (const { file } of machine.definition.hardware.disks) other.files.add(file);
      return {};
    },
    'machine.passage.settle': ({ id, to }) => ({
      where: find(to).machines.has(id) ? 'there' : 'here',
    }),
    'machine.passage.end': ({ id }) => ({ report: host.report(id) }),
    'machine.passage.clear': ({ files }) => ({
      deleted: files.filter((file) => host.files.delete(file)),
    }),
  };
}

function fail(code: 'unavailable' | 'not-found', message: string): never {
  throw new Fault(code, message);
}
