/** Disks of vms that come from another hypervisor of this computer, and go back there (docs/rfd/0034). */
import { Fault } from '#lib';
import type { HandedOverFiles } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type HandoverVerbs = Pick<
  Handlers,
  `machine.handover.${'read' | 'give' | 'plan' | 'take' | 'end' | 'fetch' | 'put' | 'look' | 'own'}`
>;

/** Errors: `unsupported`. */
export function handedOverFiles({ driver, name }: Host): HandedOverFiles {
  const { handedOver } = driver.storage;
  if (handedOver !== undefined) return handedOver;
  throw new Fault('unsupported', `host ${name} has no files`);
}

export function handoverVerbs(host: Host): HandoverVerbs {
  const refuse = async (): Promise<never> => {
    throw new Fault('unsupported', "vms of an agent are Gantry's own");
  };
  return {
    'machine.handover.read': refuse,
    'machine.handover.give': refuse,
    'machine.handover.plan': refuse,
    'machine.handover.take': refuse,
    'machine.handover.end': refuse,
    'machine.handover.put': refuse,
    async 'machine.handover.fetch'({ id, generation, cause, kept }) {
      const machine = host.machines.get(id);
      if (machine === undefined) return { contents: null };
      const parts = kept.map(({ part }) => part);
      // In its turn, and only of one that may be deleted: it is off.
      const contents = await machine.change('delete', generation, cause, () =>
        handedOverFiles(host).readKept(machine.file, parts),
      );
      return { contents: [...contents] };
    },
    async 'machine.handover.look'({ files, uefi }) {
      const looked = await handedOverFiles(host).look(files);
      const unfit = uefi === undefined ? [] : await host.driver.judgeUefi?.(uefi);
      return { ...looked, reasons: [...looked.reasons, ...(unfit ?? [])] };
    },
    async 'machine.handover.own'({ owners }) {
      await handedOverFiles(host).giveBack(owners);
      return {};
    },
  };
}
