/** Disks of a vm: new or existing ones attached, attached ones detached. A detached disk's file stays. */
import { Fault } from '#lib';
import {
  diskSchema,
  findGuest,
  placeName,
  type Disk,
  type DiskAttach,
  type DryRun,
  type Operation,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { parseDefinition } from '../check-definition.ts';
import { asJson } from '../json.ts';
import type { Kind, Step, Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { causeOf, changeDefinition } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { begin, machineOf, prepare, withHardware } from './device-change.ts';
import { linkDrive } from './linked-disks.ts';
import { defaultBus, freePlace, newDisk } from './make-definition.ts';
import { requireOwnFiles } from './others-files.ts';

function addDisk(definition: VmDefinition, disk: Disk): VmDefinition {
  const others = definition.hardware.disks.filter((one) => placeName(one) !== placeName(disk));
  return withHardware(definition, { disks: [...others, disk] });
}

function dropDisk(definition: VmDefinition, disk: Disk): VmDefinition {
  const { disks } = definition.hardware;
  return withHardware(definition, {
    disks: disks.filter((one) => placeName(one) !== placeName(disk) || one.file !== disk.file),
  });
}

export async function attachDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: DiskAttach,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const { name } = definition;
  const disk =
    request.kind === 'linked'
      ? await linkDrive(coordinator, caller, id, request)
      : await chooseDisk(coordinator, vm, request);
  const after = parseDefinition(addDisk(definition, disk), name, definition);
  requireOwnFiles(coordinator.inventory, caller, vm.data.hostId, after, definition);
  return await begin(
    coordinator,
    caller,
    vm,
    attachDiskKind,
    { disk: asJson(disk), make: request.kind === 'new' },
    dryRun,
    after,
  );
}

async function chooseDisk(
  { links }: Coordinator,
  { id, data }: Document<VmDocument>,
  request: Exclude<DiskAttach, { kind: 'linked' }>,
): Promise<Disk> {
  const { hardware, guestOs, name } = data.definition;
  const place = freePlace(
    hardware,
    request.bus ?? defaultBus(hardware, findGuest(guestOs)),
    request,
  );
  const { format } = request;
  if (request.kind === 'new') {
    const file = request.file ?? `${name}-${placeName(place).replace(':', '-')}.${format}`;
    return newDisk(place, file, format, request.sizeBytes);
  }
  const { file, readOnly } = request;
  const { sizeBytes } = await links.call(data.hostId, 'machine.disk.inspect', { id, file, format });
  return { ...newDisk(place, file, format, sizeBytes), readOnly };
}

export async function detachDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const disk = definition.hardware.disks.find((one) => placeName(one) === place);
  if (disk === undefined)
    throw new Fault('not-found', `${definition.name} has no disk at ${place.slice(0, 40)}`, {
      hint: `its disks are at: ${definition.hardware.disks.map(placeName).join(', ') || 'none'}`,
    });
  return await begin(coordinator, caller, vm, detachDiskKind, { disk: asJson(disk) }, dryRun);
}

function diskOf(work: Work): Disk {
  return diskSchema.parse(work.input['disk']);
}

const makeDiskStep: Step = {
  name: 'make',
  async run(work) {
    if (work.input['make'] !== true) return;
    const { file, format, sizeBytes } = diskOf(work);
    const { hostId, machine } = machineOf(work);
    const source = { kind: 'new', file, format, sizeBytes } as const;
    await work.coordinator.links.call(
      hostId,
      'machine.disk.create',
      { ...machine, source },
      {
        signal: work.signal,
      },
    );
    await work.remember({ made: true });
  },
  async undo(work) {
    if (work.memory['made'] !== true) return;
    const { hostId, machine } = machineOf(work);
    await forgiveMissing(
      work.coordinator.links.call(hostId, 'machine.disk.delete', {
        ...machine,
        file: diskOf(work).file,
      }),
    );
  },
};

async function callDisk(
  work: Work,
  method: 'machine.disk.attach' | 'machine.disk.detach',
): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { live } = await work.coordinator.links.call(
    hostId,
    method,
    { ...machine, disk: diskOf(work) },
    { signal: work.signal },
  );
  await work.conclude({ live });
}

const writeDisk = (how: 'add' | 'drop'): Step => ({
  name: 'write',
  run: async (work) => {
    const change = how === 'add' ? addDisk : dropDisk;
    await changeDefinition(work, (definition) => change(definition, diskOf(work)));
  },
  undo: async (work) => {
    const change = how === 'add' ? dropDisk : addDisk;
    await changeDefinition(work, (definition) => change(definition, diskOf(work)));
    await work.pusher.pushOrLater(work.target.id, causeOf(work));
  },
});

export const attachDiskKind: Kind = {
  action: 'vm.disk.attach',
  steps: [
    makeDiskStep,
    {
      name: 'attach',
      run: (work) => callDisk(work, 'machine.disk.attach'),
      undo: (work) => callDisk(work, 'machine.disk.detach'),
    },
    writeDisk('add'),
    pushStep,
  ],
};

export const detachDiskKind: Kind = {
  action: 'vm.disk.detach',
  steps: [
    {
      name: 'detach',
      run: (work) => callDisk(work, 'machine.disk.detach'),
      undo: (work) => callDisk(work, 'machine.disk.attach'),
    },
    writeDisk('drop'),
    pushStep,
  ],
};
