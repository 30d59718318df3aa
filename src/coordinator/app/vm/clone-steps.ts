/**
 * The steps by which vms are copied. The copy is known once its files are whole; until then the operation has its name
 * and its id.
 *
 * A full copy of a snapshot begins as a linked one, which takes no time and lets the vm run and change as it likes,
 * and then has its files to itself (docs/rfd/0019). So does that of a vm that runs, by a snapshot that is taken for it.
 */
import type { DiskCopy, LinkParams, MachineReport, VmDefinition } from '#api';
import type { VmDocument } from '../../documents.ts';
import { vmDocument } from '../find.ts';
import { asJson } from '../json.ts';
import { definitionForAgent } from '../media.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import {
  dropPassingStep,
  passingSnapshot,
  takePassingStep,
  type Passing,
} from './clone-running.ts';
import { causeOf, vmFrame } from './common-steps.ts';
import { forgiveMissing, register, releaseOwnName, unregister } from './create-steps.ts';
import { identity } from './guest-identity.ts';
import { asSeen, isForeignHost, takeSeen } from './tell-hypervisor.ts';

/** As long as the copying of large disks takes. */
export const copyLimitMs = 24 * 3_600_000;

/** `sourceId`: the vm that is copied. */
export interface CloneInput extends Passing {
  readonly disks: readonly DiskCopy[];
  readonly linked: { readonly snapshotId: string | null } | null;
  /** Of its configuration disk; null: it gets none. */
  readonly seed: NonNullable<LinkParams<'machine.clone'>['seed']> | null;
  /** A linked copy that is to have files of its own, in that folder of the host (`usual`: its folder for vms); null: where it was made. */
  readonly separate: { readonly parent: string | null } | null;
  readonly guest: Pick<VmDocument, 'guest'>;
  /** The vm whose guest was not generalised; null where there is no need to tell. */
  readonly sameGuestAs: string | null;
  readonly hostId: string;
  readonly folderId: string;
  readonly parent: string | null;
  readonly creator: string | null;
}

function inputOf(work: Work): CloneInput {
  return work.input as unknown as CloneInput;
}

/** Of the copy, as its host has told last. */
function reportOf(work: Work): MachineReport {
  return work.memory['report'] as unknown as MachineReport;
}

export function filesOfDisks({ hardware: { disks } }: VmDefinition): string[] {
  return disks.map(({ file }) => file);
}

const copyStep: Step = {
  name: 'copy',
  async run(work) {
    const { sourceId, definition, disks, parent, passing, seed } = inputOf(work);
    const linked = passing === null ? inputOf(work).linked : { snapshotId: passingSnapshot(work) };
    const { inventory, links } = work.coordinator;
    const { hostId, generation } = vmDocument(inventory, sourceId).data;
    const { report } = await links.call(
      hostId,
      'machine.clone',
      {
        id: sourceId,
        generation,
        cause: causeOf(work),
        definition: definitionForAgent(inventory, hostId, definition),
        definitionVersion: 1,
        parent,
        disks: [...disks],
        ...(linked === null ? {} : { linked }),
        ...(seed === null ? {} : { seed }),
      },
      followed(work, copyLimitMs),
    );
    await work.remember({ report: asJson(report) });
    // On a hypervisor that others run the vm itself goes on in other files.
    if (linked?.snapshotId === null) await takeSeen(work);
  },
  async undo(work) {
    const { definition, hostId } = inputOf(work);
    await forgiveMissing(
      work.coordinator.links.call(hostId, 'machine.destroy', {
        id: definition.id,
        generation: 0,
        cause: causeOf(work),
        keep: [],
      }),
    );
    await releaseOwnName(work, definition.id, definition.name);
  },
};

/** Taken back with the copy. */
const separateStep: Step = {
  name: 'separate',
  async run(work) {
    const { definition, hostId, separate } = inputOf(work);
    if (separate === null) return;
    const { inventory, links } = work.coordinator;
    const { generation } = reportOf(work);
    const machine = { id: definition.id, generation, cause: causeOf(work) };
    const options = followed(work, copyLimitMs);
    const { parent } = separate;
    if (parent !== null) {
      const given = definitionForAgent(inventory, hostId, definition);
      const move = { ...machine, definition: given, definitionVersion: 1, parent, disks: [] };
      await links.call(hostId, 'machine.relocate', move, options);
    }
    const tops = isForeignHost(inventory, hostId) ? { tops: filesOfDisks(definition) } : {};
    const { report } = await links.call(
      hostId,
      'machine.flatten',
      { ...machine, ...tops },
      options,
    );
    await work.remember({ report: asJson(report) });
  },
};

const registerStep: Step = {
  name: 'register',
  async run(work) {
    const { hostId, folderId, creator, guest, warnings, sameGuestAs, ...input } = inputOf(work);
    const definition = await asSeen(work, hostId, input.definition);
    const report = reportOf(work);
    const vm: VmDocument = {
      definition,
      hostId,
      folderId,
      path: report.path,
      revision: 1,
      generation: report.generation,
      ...guest,
    };
    await register(work, vm, report, 'cloned', creator, {
      events:
        sameGuestAs === null
          ? []
          : [
              {
                ...vmFrame(work, vm),
                name: 'vm.clone.not-generalised',
                attributes: { source: sameGuestAs, identity },
              },
            ],
    });
    work.pusher.note(definition.id, 1);
    await work.conclude({
      vm: definition.id,
      ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
    });
  },
  undo: (work) => unregister(work, inputOf(work).definition.id),
};

export const cloneKind: Kind = { action: 'vm.clone', steps: [copyStep, registerStep] };

/** Its target is the copy: the vm is free meanwhile. */
export const cloneSnapshotKind: Kind = {
  action: 'vm.snapshot.clone',
  steps: [copyStep, separateStep, registerStep],
};

/** As before, of a snapshot that is the operation's own. */
export const cloneRunningKind: Kind = {
  action: 'vm.running.clone',
  steps: [takePassingStep, copyStep, separateStep, registerStep, dropPassingStep],
};
