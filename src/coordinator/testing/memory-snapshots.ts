/** Snapshots of a host in memory: the tree alone, since its machines have no contents. */
import type { LinkParams, LinkResult } from '#api';
import type { MemoryMachines } from './memory-machine.ts';

type SnapshotMethod =
  `machine.snapshot.${'take' | 'revert' | 'recall' | 'read' | 'disk' | 'restore-file' | 'delete' | 'change'}`;
type SnapshotHandlers = {
  readonly [M in SnapshotMethod]: (params: LinkParams<M>) => LinkResult<M>;
};

export function memorySnapshots(host: MemoryMachines): SnapshotHandlers {
  return {
    'machine.snapshot.take': ({ id, generation, snapshot }) => {
      const machine = host.machine(id, generation);
      const parent = machine.snapshots.find(({ present }) => present)?.id ?? null;
      const { exclude: _, memory, quiesce: quiesced, ...taken } = snapshot;
      const takenWhile = machine.state === 'running' ? 'running' : 'off';
      if (machine.snapshots.every((one) => one.id !== snapshot.id))
        machine.snapshots = [
          ...machine.snapshots.map((one) => ({ ...one, present: false })),
          {
            ...taken,
            parent,
            takenAt: '2026-01-01T00:00:00.000Z',
            present: true,
            sizeBytes: 1,
            takenWhile,
            memoryBytes: memory ? 1 : null,
            quiesced,
          },
        ];
      return { report: host.report(id) };
    },
    'machine.snapshot.revert': ({ id, generation, snapshotId }) => {
      const machine = host.machine(id, generation);
      machine.snapshots = machine.snapshots.map((one) => ({
        ...one,
        present: one.id === snapshotId,
      }));
      machine.definition = {
        ...machine.definition,
        hardware: { ...machine.definition.hardware, sound: 'ac97' },
      };
      return { report: host.report(id), definition: machine.definition };
    },
    'machine.snapshot.recall': ({ id, generation }) => {
      host.machine(id, generation).state = 'saved';
      return { report: host.report(id) };
    },
    'machine.snapshot.read': ({ id }) => ({ definition: host.machine(id).definition }),
    'machine.snapshot.disk': () => ({ path: '/vms/a.qcow2', place: 'virtio0:0' }),
    'machine.snapshot.restore-file': ({ id, generation }) => {
      host.machine(id, generation);
      return { sizeBytes: 1 };
    },
    'machine.snapshot.delete': ({ id, generation, snapshotId }) => {
      const machine = host.machine(id, generation);
      const gone = machine.snapshots.find((one) => one.id === snapshotId);
      machine.snapshots = machine.snapshots
        .filter((one) => one !== gone)
        .map((one) => ({
          ...one,
          parent: one.parent === snapshotId ? (gone?.parent ?? null) : one.parent,
          present: one.present || (gone?.present === true && one.id === gone.parent),
        }));
      return { report: host.report(id) };
    },
    'machine.snapshot.change': ({ id, generation, snapshotId, name, description }) => {
      const machine = host.machine(id, generation);
      machine.snapshots = machine.snapshots.map((one) =>
        one.id === snapshotId ? { ...one, name, description } : one,
      );
      return { report: host.report(id) };
    },
  };
}
