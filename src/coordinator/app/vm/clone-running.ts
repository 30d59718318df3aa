/**
 * A copy of a vm that runs is one of a snapshot that is taken for it and goes at its end (docs/rfd/0019). The vm is anybody's
 * meanwhile: a lock would keep people from shutting it down for as long as its disks are copied. Its host does one thing
 * after the other with it by itself.
 */
import type { VmDefinition } from '#api';
import { isFault, toFault } from '#lib';
import { vmDocument } from '../find.ts';
import { vmThing } from '../things.ts';
import { workOn, type Step, type Work } from '../work.ts';
import { releaseOwnName } from './create-steps.ts';
import { deleteOn, idOfTaken, takeOn, type Taken } from './snapshots-vm.ts';

/** What a step needs of the input of the copy. */
export interface Passing {
  readonly sourceId: string;
  /** Of the copy. */
  readonly definition: VmDefinition;
  /** Taken for the copy alone; null: none is. */
  readonly passing: Taken | null;
  /** In words. */
  readonly warnings: readonly string[];
}

function inputOf(work: Work): Passing {
  return work.input as unknown as Passing;
}

function onSource(work: Work): Work {
  const { id, data } = vmDocument(work.coordinator.inventory, inputOf(work).sourceId);
  return workOn(work, vmThing(id, data));
}

/** The snapshot that the copy is made of. */
export function passingSnapshot(work: Work): string {
  return String(work.memory['passing']);
}

/** Errors: those of the host; `not-found` where the vm is gone. */
async function drop(work: Work, passing: Taken): Promise<void> {
  const source = onSource(work);
  const known = work.memory['passing'];
  await deleteOn(source, typeof known === 'string' ? known : idOfTaken(source, passing));
}

export const takePassingStep: Step = {
  name: 'take-snapshot',
  async run(work) {
    const { passing } = inputOf(work);
    if (passing === null) return;
    await work.remember({ passing: await takeOn(onSource(work), passing) });
  },
  async undo(work) {
    const { passing, definition } = inputOf(work);
    try {
      if (passing !== null) await drop(work, passing);
    } catch (error) {
      if (!isFault(error, 'not-found')) throw error;
    }
    await releaseOwnName(work, definition.id, definition.name);
  },
};

/** The copy is whole by now: a snapshot that cannot go, since the vm was saved meanwhile, is told and stays. */
export const dropPassingStep: Step = {
  name: 'delete-snapshot',
  way: 'stays',
  async run(work) {
    const { passing, warnings, sourceId } = inputOf(work);
    if (passing === null) return;
    try {
      await drop(work, passing);
    } catch (error) {
      work.signal.throwIfAborted();
      if (isFault(error, 'not-found')) return;
      const { inventory } = work.coordinator;
      const { name } = vmDocument(inventory, sourceId).data.definition;
      const left = `the snapshot ${passing.name} of ${name} could not be deleted (${toFault(error).message}): gantry vm snapshot delete ${name} '${passing.name}'`;
      await work.conclude({ warnings: [...warnings, left] });
    }
  },
};
