/** Snapshots of machines. Each change runs in the machine's own loop and can be asked for again. */
import type { Handlers } from '../link/calls.ts';
import type { Host } from '../host/host.ts';
import type { Hands } from '../machine/hands.ts';
import { diskOfSnapshot, restoreFile } from '../machine/layers/restore-file.ts';
import {
  changeSnapshot,
  deleteSnapshot,
  recallMemory,
  requireSnapshot,
  revertToSnapshot,
  takeSnapshot,
} from '../machine/layers/snapshots.ts';
import { reportAfter } from './report-after.ts';

type SnapshotVerbs = Pick<
  Handlers,
  | 'machine.snapshot.take'
  | 'machine.snapshot.revert'
  | 'machine.snapshot.recall'
  | 'machine.snapshot.delete'
  | 'machine.snapshot.change'
  | 'machine.snapshot.read'
  | 'machine.snapshot.disk'
  | 'machine.snapshot.restore-file'
>;

export function snapshotVerbs(host: Host): SnapshotVerbs {
  return {
    'machine.snapshot.take': ({ id, generation, cause, snapshot }, { signal, progress }) => {
      const machine = host.machine(id);
      const take = (hands: Hands): Promise<void> => takeSnapshot(hands, snapshot);
      return reportAfter(
        machine,
        machine.change('take-snapshot', generation, cause, take, signal, progress),
      );
    },

    async 'machine.snapshot.revert'(
      { id, generation, cause, snapshotId, memory },
      { signal, progress },
    ) {
      const machine = host.machine(id);
      const definition = await machine.change(
        'revert-snapshot',
        generation,
        cause,
        (hands) => revertToSnapshot(hands, snapshotId, memory),
        signal,
        progress,
      );
      return { report: machine.report(), definition };
    },

    async 'machine.snapshot.recall'({ id, generation, cause, snapshotId }) {
      const machine = host.machine(id);
      // Asked for again it is there.
      if (machine.file.state !== 'saved')
        await machine.change('revert-snapshot', generation, cause, (hands) =>
          recallMemory(hands, snapshotId),
        );
      return { report: machine.report() };
    },

    async 'machine.snapshot.delete'({ id, generation, cause, snapshotId }, { signal, progress }) {
      const machine = host.machine(id);
      const remove = (hands: Hands): Promise<void> => deleteSnapshot(hands, snapshotId);
      await machine.change('delete-snapshot', generation, cause, remove, signal, progress);
      if (machine.running) await machine.mergeLive(cause, signal, progress);
      return { report: machine.report() };
    },

    async 'machine.snapshot.read'({ id, snapshotId }) {
      return { definition: requireSnapshot(host.machine(id).file, snapshotId).definition };
    },

    async 'machine.snapshot.disk'({ id, snapshotId, place }) {
      return diskOfSnapshot(host.machine(id).file, snapshotId, place);
    },

    'machine.snapshot.restore-file': ({ id, generation, cause, ...asked }, { signal }) =>
      host
        .machine(id)
        .change(
          'change-disks',
          generation,
          cause,
          (hands) => restoreFile(hands, asked, host.files()),
          signal,
        ),

    'machine.snapshot.change': ({ id, generation, cause, snapshotId, name, description }) => {
      const machine = host.machine(id);
      const change = (hands: Hands): Promise<void> =>
        changeSnapshot(hands, { id: snapshotId, name, description });
      return reportAfter(machine, machine.change('rename', generation, cause, change));
    },
  };
}
