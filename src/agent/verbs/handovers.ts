/** Disks of vms that come from another hypervisor of this computer, and go back there (docs/rfd/0034). */
import { Fault } from '#lib';
import type { HandedOverFiles } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type HandoverVerbs = Pick<
  Handlers,
  `machine.handover.${'read' | 'give' | 'plan' | 'take' | 'end' | 'look' | 'own'}`
>;

export function handoverVerbs(host: Host): HandoverVerbs {
  const refuse = async (): Promise<never> => {
    throw new Fault('unsupported', "vms of an agent are Gantry's own");
  };
  const files = (): HandedOverFiles => {
    const { handedOver } = host.driver.storage;
    if (handedOver !== undefined) return handedOver;
    throw new Fault('unsupported', `host ${host.name} has no files`);
  };
  return {
    'machine.handover.read': refuse,
    'machine.handover.give': refuse,
    'machine.handover.plan': refuse,
    'machine.handover.take': refuse,
    'machine.handover.end': refuse,
    'machine.handover.look': (params) => files().look(params.files),
    async 'machine.handover.own'({ owners }) {
      await files().giveBack(owners);
      return {};
    },
  };
}
