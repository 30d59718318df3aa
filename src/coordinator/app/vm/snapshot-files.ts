/** Single files of snapshots (SNAP-15): looked at and taken out while the vm runs, put back into its disk while it is off. */
import {
  snapshotFileSchema,
  type DryRun,
  type InnerFiles,
  type Operation,
  type SnapshotFile,
} from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import {
  listInnerFiles,
  readInnerFile,
  type InnerPlace,
  type TakenOut,
} from '../host-disk-files.ts';
import { vmDocument } from '../find.ts';
import { asJson } from '../json.ts';
import { followed, type Kind } from '../work.ts';
import { copyLimitMs } from './clone-steps.ts';
import type { ConsoleParts } from './console-vm.ts';
import { begin, machineOf, prepare } from './device-change.ts';
import { findSnapshot } from './snapshots-vm.ts';

/** Which disk of which snapshot, and where in it. */
export interface SnapshotPlace {
  readonly snapshot: string;
  readonly disk?: string | undefined;
  readonly partition?: number | undefined;
  readonly path?: string | undefined;
}

async function findDisk(
  { inventory, links }: Coordinator,
  id: string,
  { snapshot, disk, partition, path }: SnapshotPlace,
): Promise<{ readonly hostId: string; readonly place: InnerPlace }> {
  const { id: snapshotId } = findSnapshot(inventory, id, snapshot);
  const { hostId } = vmDocument(inventory, id).data;
  const params = { id, snapshotId, place: disk ?? null };
  const { path: file } = await links.call(hostId, 'machine.snapshot.disk', params);
  return { hostId, place: { file, partition, path } };
}

export async function listSnapshotFiles(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  asked: SnapshotPlace,
  signal: AbortSignal,
): Promise<InnerFiles> {
  const { hostId, place } = await findDisk(coordinator, id, asked);
  return await listInnerFiles(coordinator, caller, hostId, place, signal);
}

export async function readSnapshotFile(
  parts: ConsoleParts,
  caller: Caller,
  id: string,
  asked: SnapshotPlace,
  signal: AbortSignal,
): Promise<TakenOut> {
  const { hostId, place } = await findDisk(parts.coordinator, id, asked);
  return await readInnerFile(parts, caller, hostId, place, signal);
}

export async function restoreSnapshotFile(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  reference: string,
  request: SnapshotFile,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const { id: snapshotId } = findSnapshot(coordinator.inventory, id, reference);
  const state = coordinator.inventory.vm(id)?.state;
  if (state !== 'off')
    throw new Fault(
      'refused',
      `${definition.name} is ${state}, and files are put into its disk only while it is off`,
      { hint: 'shut it down first, or take the file out with: gantry vm snapshot extract' },
    );
  const input = { snapshotId, request: asJson(request) };
  return await begin(coordinator, caller, vm, restoreFileKind, input, dryRun);
}

export const restoreFileKind: Kind = {
  action: 'vm.snapshot.restore-file',
  steps: [
    {
      name: 'restore',
      // The file is the old one or the new one; what it was is in other snapshots alone.
      way: 'stays',
      async run(work) {
        const { hostId, machine } = machineOf(work);
        const { snapshotId, request } = work.input;
        const { disk, partition, path } = snapshotFileSchema.parse(request);
        const { sizeBytes } = await work.coordinator.links.call(
          hostId,
          'machine.snapshot.restore-file',
          {
            ...machine,
            snapshotId: String(snapshotId),
            place: disk ?? null,
            partition: partition ?? null,
            path,
          },
          followed(work, copyLimitMs),
        );
        await work.conclude({ sizeBytes });
      },
    },
  ],
};
