/** A linked clone becomes independent: what its disks share with other vms is copied (docs/rfd/0019). */
import type { DryRun, Operation } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import { followed, type Kind } from '../work.ts';
import { copyLimitMs, filesOfDisks } from './clone-steps.ts';
import { targetVm } from './common-steps.ts';
import { begin, machineOf, prepare } from './device-change.ts';
import { isForeignHost, takeSeen } from './tell-hypervisor.ts';

export async function flattenVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm } = prepare(coordinator, id, 'flatten');
  return await begin(coordinator, caller, vm, flattenKind, {}, dryRun);
}

export const flattenKind: Kind = {
  action: 'vm.flatten',
  steps: [
    {
      name: 'flatten',
      // What is copied by then shows the same content and goes on to be used.
      way: 'stays',
      async run(work) {
        const { hostId, machine } = machineOf(work);
        const isForeign = isForeignHost(work.coordinator.inventory, hostId);
        if (isForeign && work.memory['tops'] === undefined)
          await work.remember({ tops: filesOfDisks(targetVm(work).data.definition) });
        const { tops } = work.memory as { readonly tops?: string[] };
        await work.coordinator.links.call(
          hostId,
          'machine.flatten',
          { ...machine, ...(tops === undefined ? {} : { tops }) },
          followed(work, copyLimitMs),
        );
        await takeSeen(work);
      },
    },
  ],
};
