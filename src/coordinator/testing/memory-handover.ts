/** The part of a host in memory by which a vm of a hypervisor is given to an agent of the same computer, and goes back. */
import type {
  KeptContent,
  KeptFile,
  KeptPart,
  LinkMethod,
  LinkParams,
  LinkResult,
  SeenFile,
} from '#api';
import type { MemoryMachine, MemoryMachines } from './memory-machine.ts';

type HandoverMethod = Extract<LinkMethod, `machine.handover.${string}`>;
type HandoverHandlers = {
  readonly [M in HandoverMethod]: (params: LinkParams<M>) => LinkResult<M>;
};

export interface HandoverHost extends Pick<MemoryMachines, 'report'> {
  /** What belongs to vms beside their disks, by their ids. A hypervisor keeps it when it has given one away. */
  readonly keptContents: Map<string, readonly KeptContent[]>;
  readonly machines: Map<string, MemoryMachine>;
  /** What it knew, and may know again. */
  readonly lentOut: Map<string, MemoryMachine>;
}

const changed = '1.000000000';
const seen = (files: readonly string[]): SeenFile[] => files.map((file) => ({ file, changed }));

export const keptFile = (part: KeptPart): KeptFile => ({
  part,
  file: `/kept/${part}`,
  uid: 0,
  gid: 0,
  mode: 0o600,
});

export function memoryHandover(host: HandoverHost): HandoverHandlers {
  return {
    'machine.handover.read': ({ id }) => ({
      xml: '<domain/>',
      startsWithHost: false,
      files: seen(host.machines.get(id)?.definition.hardware.disks.map(({ file }) => file) ?? []),
      unmodelled: ['watchdog'],
      kept: (host.keptContents.get(id) ?? []).map(({ part }) => keptFile(part)),
      uefi: null,
      reasons: [],
    }),
    'machine.handover.give': ({ id }) => {
      const machine = host.machines.get(id);
      if (machine !== undefined) host.lentOut.set(id, machine);
      host.machines.delete(id);
      return {};
    },
    'machine.handover.plan': ({ wanted }) => ({
      files: seen(wanted.disks.map(({ file }) => file)),
      reasons: [],
    }),
    'machine.handover.take': ({ id, wanted }) => {
      const machine = host.lentOut.get(id);
      host.lentOut.delete(id);
      if (machine === undefined || host.machines.has(id)) return {};
      const definition = { ...machine.definition, hardware: wanted };
      host.machines.set(id, { ...machine, definition });
      return {};
    },
    'machine.handover.fetch': ({ id }) => {
      const contents = host.keptContents.get(id) ?? (host.machines.has(id) ? [] : null);
      return { contents: contents === null ? null : [...contents] };
    },
    'machine.handover.put': ({ id, contents }) => {
      host.keptContents.set(id, contents);
      return {};
    },
    'machine.handover.end': ({ id }) => ({ report: host.report(id) }),
    'machine.handover.look': ({ files }) => ({ files: seen(files), owners: [], reasons: [] }),
    'machine.handover.own': () => ({}),
  };
}
