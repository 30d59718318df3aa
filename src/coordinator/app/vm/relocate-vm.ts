/**
 * The files of a vm, or of one of its disks, to another folder of its host (VM-87). The agent moves them, whole or
 * not at all; then the definition says where they are.
 */
import { posix } from 'node:path';
import {
  diffSettings,
  hardwareSchema,
  hostDriveWord,
  placeName,
  type DiskCopy,
  type DiskRelocate,
  type DryRun,
  type Hardware,
  type Operation,
} from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { vmDocument } from '../find.ts';
import { commitFresh } from '../commit-fresh.ts';
import { asJson } from '../json.ts';
import { definitionForAgent } from '../media.ts';
import { settingEvents } from '../setting-events.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import { copyLimitMs } from './clone-steps.ts';
import { targetVm, vmFrame } from './common-steps.ts';
import { begin, machineOf, prepare, requireDisk, withHardware } from './device-change.ts';
import { isForeignHost } from './tell-hypervisor.ts';
import { withDiskFiles, withRelativePaths } from './own-paths.ts';

interface RelocateInput {
  /** They differ in where files are; nobody else changes the hardware while the operation has the vm. */
  readonly before: Hardware;
  readonly after: Hardware;
  /** Folder in which the vm's folder was, and is to be; null where it stays. */
  readonly oldParent: string | null;
  readonly newParent: string | null;
  /** What the event tells. */
  readonly oldPath: string;
  readonly newPath: string;
}

export async function relocateVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: { readonly path: string },
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'relocate');
  const newParent = posix.resolve(request.path);
  const input: RelocateInput = {
    before: definition.hardware,
    after: withRelativePaths(definition, vm.data.path).hardware,
    oldParent: posix.dirname(vm.data.path),
    newParent,
    oldPath: vm.data.path,
    newPath: posix.join(newParent, posix.basename(vm.data.path)),
  };
  return await submit(coordinator, caller, vm, relocateKind, input, dryRun);
}

export async function relocateDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  request: DiskRelocate,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const isForeign = isForeignHost(
    coordinator.inventory,
    vmDocument(coordinator.inventory, id).data.hostId,
  );
  const { vm, definition } = prepare(coordinator, id, 'move-disk');
  if (isForeign && request.path === null)
    throw new Fault('invalid', 'a vm of a libvirt host has no folder of its own', {
      hint: 'name the folder of a storage pool there',
    });
  const disk = requireDisk(definition, place);
  const drive = hostDriveWord(disk);
  if (drive !== undefined)
    throw new Fault('refused', `the disk ${place} of ${definition.name} is ${drive}, not a file`, {
      hint: 'a drive of the host stays where it is',
    });
  const name = posix.basename(disk.file);
  const folder = request.path === null ? vm.data.path : posix.resolve(request.path);
  const file = folder === vm.data.path ? name : posix.join(folder, name);
  const input: RelocateInput = {
    before: definition.hardware,
    after: withDiskFiles(definition, (one) => (placeName(one) === place ? file : one.file))
      .hardware,
    oldParent: null,
    newParent: null,
    oldPath: posix.dirname(posix.resolve(vm.data.path, disk.file)),
    newPath: folder,
  };
  if (isForeign) await requireFreeFile(coordinator, vm.data.hostId, input);
  return await submit(coordinator, caller, vm, relocateDiskKind, input, dryRun);
}

/** On a hypervisor that others run what has the new name later is what this move has left there. Errors: `exists`, `not-found`. */
async function requireFreeFile(
  { links }: Coordinator,
  hostId: string,
  { before, after }: Pick<RelocateInput, 'before' | 'after'>,
): Promise<void> {
  for (const { to } of diskMoves(before, after)) {
    const work = { verb: 'create', file: to, format: 'qcow2', allocation: 'dynamic' } as const;
    await links.call(hostId, 'host.disk.plan', { work: { ...work, sizeBytes: 512 } });
  }
}

async function submit(
  coordinator: Coordinator,
  caller: Caller,
  vm: Document<VmDocument>,
  kind: Kind,
  input: RelocateInput,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const json = asJson(input) as Record<string, never>;
  return await begin(coordinator, caller, vm, kind, json, dryRun);
}

function inputOf(work: Work): RelocateInput {
  const { before, after, ...rest } = work.input as unknown as RelocateInput;
  return { ...rest, before: hardwareSchema.parse(before), after: hardwareSchema.parse(after) };
}

/** Disks that other hardware names otherwise. */
function diskMoves(before: Hardware, after: Hardware): DiskCopy[] {
  return before.disks.flatMap(({ file }, index) => {
    const to = after.disks[index]?.file ?? file;
    return to === file ? [] : [{ from: file, to }];
  });
}

/** The vm as it is now, but for where its files are. */
function withPlaces(vm: VmDocument, hardware: Hardware): VmDocument {
  const definition = withHardware(vm.definition, hardware);
  const changes = diffSettings(vm.definition, definition);
  return changes.length === 0 ? vm : { ...vm, definition, revision: vm.revision + 1 };
}

async function move(
  work: Work,
  before: Hardware,
  after: Hardware,
  parent: string | null,
): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { inventory, links } = work.coordinator;
  const { definition, revision } = withPlaces(targetVm(work).data, after);
  await links.call(
    hostId,
    'machine.relocate',
    {
      ...machine,
      definition: definitionForAgent(inventory, hostId, definition),
      definitionVersion: revision,
      parent,
      disks: diskMoves(before, after),
    },
    followed(work, copyLimitMs),
  );
}

const moveStep: Step = {
  name: 'move',
  async run(work) {
    const { before, after, newParent } = inputOf(work);
    const { coordinator, memory } = work;
    const { hostId } = machineOf(work);
    if (memory['begun'] !== true && isForeignHost(coordinator.inventory, hostId))
      await requireFreeFile(coordinator, hostId, { before, after });
    await work.remember({ begun: true });
    await move(work, before, after, newParent);
  },
  async undo(work) {
    const { before, after, oldParent } = inputOf(work);
    const { hostId } = machineOf(work);
    const isForeign = isForeignHost(work.coordinator.inventory, hostId);
    if (isForeign && work.memory['begun'] !== true) return;
    await move(work, after, before, oldParent);
  },
};

/** Writes where the files are now, and tells of it once. */
async function write(
  work: Work,
  hardware: Hardware,
  paths: { readonly oldPath: string; readonly newPath: string } | undefined,
): Promise<void> {
  await commitFresh(work.coordinator, () => {
    const vm = targetVm(work);
    const after = withPlaces(vm.data, hardware);
    const frame = vmFrame(work, after);
    const changes = diffSettings(vm.data.definition, after.definition);
    return {
      conditions: [{ kind: 'vm', id: vm.id, version: vm.version }],
      writes: after === vm.data ? [] : [{ kind: 'vm', id: vm.id, data: after }],
      events: [
        ...settingEvents('vm.setting.changed', frame, changes),
        ...(paths === undefined
          ? []
          : [{ ...frame, name: 'vm.files.moved' as const, attributes: paths }]),
      ],
    };
  });
  work.pusher.note(work.target.id, targetVm(work).data.revision);
}

/** What the event tells; undefined where it is asked to go to where it is. */
function movedFrom(
  oldPath: string,
  newPath: string,
): { readonly oldPath: string; readonly newPath: string } | undefined {
  return oldPath === newPath ? undefined : { oldPath, newPath };
}

const writeStep: Step = {
  name: 'write',
  async run(work) {
    const { after, oldPath, newPath } = inputOf(work);
    const isTold = work.memory['told'] === true;
    await write(work, after, isTold ? undefined : movedFrom(oldPath, newPath));
    await work.remember({ told: true });
  },
  async undo(work) {
    const { before, oldPath, newPath } = inputOf(work);
    const isTold = work.memory['told'] === true;
    await write(work, before, isTold ? movedFrom(newPath, oldPath) : undefined);
    await work.remember({ told: false });
  },
};

export const relocateKind: Kind = { action: 'vm.relocate', steps: [moveStep, writeStep] };
export const relocateDiskKind: Kind = {
  action: 'vm.disk.relocate',
  steps: [moveStep, writeStep],
};
