/**
 * Linked disks (DISK-13 to DISK-15, DISK-40): an entire drive of the host, attached to a vm only in order to be copied
 * into a virtual disk that takes its place. What is on a drive is the host's, so it takes the right to configure the host.
 */
import {
  diskConvertSchema,
  diskSchema,
  findGuest,
  placeName,
  type Disk,
  type DiskAttach,
  type DiskConvert,
  type DryRun,
  type Operation,
} from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import { requireVerb } from '../find.ts';
import { asJson } from '../json.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { copyLimitMs } from './clone-steps.ts';
import { changeDefinition } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { begin, machineOf, prepare, requireDisk, withHardware } from './device-change.ts';
import { defaultBus, freePlace, newDisk } from './make-definition.ts';

function requireHost(caller: Caller, hostId: string): void {
  requireVerb(caller, 'host.settings', { kind: 'host', id: hostId }, 'the drives of the host');
}

/** The disk as the definition will have it. Errors: `refused` for a vm that is not off; those of the agent. */
export async function linkDrive(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: Extract<DiskAttach, { kind: 'linked' }>,
): Promise<Disk> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const { hardware, guestOs, name } = definition;
  requireHost(caller, vm.data.hostId);
  if (coordinator.inventory.vm(id)?.state !== 'off')
    throw new Fault('refused', `${name} is not off, and no vm runs with a linked disk`, {
      hint: 'shut it down first',
    });
  const { device } = request;
  const { sizeBytes } = await coordinator.links.call(vm.data.hostId, 'host.drive', { device });
  const place = freePlace(
    hardware,
    request.bus ?? defaultBus(definition, findGuest(guestOs)),
    request,
  );
  return { ...newDisk(place, device, 'raw', sizeBytes), kind: 'linked', readOnly: true };
}

export async function convertDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  request: DiskConvert,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const linked = requireDisk(definition, place);
  if (linked.kind !== 'linked')
    throw new Fault(
      'refused',
      `the disk ${place} of ${definition.name} is a virtual disk already`,
      {
        hint: 'convert its file with: gantry disk convert',
      },
    );
  requireHost(caller, vm.data.hostId);
  const { sizeBytes } = await coordinator.links.call(vm.data.hostId, 'host.drive', {
    device: linked.file,
  });
  const file = `${definition.name}-${place.replace(':', '-')}.${request.format}`;
  const disk = newDisk(linked, file, request.format, sizeBytes);
  const input = { linked: asJson(linked), disk: asJson(disk), request: asJson(request) };
  return await begin(coordinator, caller, vm, convertDiskKind, input, dryRun);
}

interface Conversion {
  readonly linked: Disk;
  readonly disk: Disk;
  readonly request: DiskConvert;
}

function conversionOf({ input }: Work): Conversion {
  return {
    linked: diskSchema.parse(input['linked']),
    disk: diskSchema.parse(input['disk']),
    request: diskConvertSchema.parse(input['request']),
  };
}

const copyStep: Step = {
  name: 'copy',
  async run(work) {
    const { linked, disk, request } = conversionOf(work);
    const { hostId, machine } = machineOf(work);
    const { file, sizeBytes } = disk;
    const { allocation, format } = request;
    const source = {
      kind: 'drive',
      file,
      format,
      sizeBytes,
      device: linked.file,
      allocation,
    } as const;
    await work.coordinator.links.call(
      hostId,
      'machine.disk.create',
      { ...machine, source },
      followed(work, copyLimitMs),
    );
    await work.remember({ made: true });
  },
  async undo(work) {
    if (work.memory['made'] !== true) return;
    const { hostId, machine } = machineOf(work);
    const { file } = conversionOf(work).disk;
    await forgiveMissing(
      work.coordinator.links.call(hostId, 'machine.disk.delete', { ...machine, file }),
    );
  },
};

async function replace(work: Work, old: Disk, disk: Disk): Promise<void> {
  await changeDefinition(work, (definition) =>
    withHardware(definition, {
      disks: definition.hardware.disks.map((one) =>
        placeName(one) === placeName(old) ? disk : one,
      ),
    }),
  );
}

const writeStep: Step = {
  name: 'write',
  run: (work) => {
    const { linked, disk } = conversionOf(work);
    return replace(work, linked, disk);
  },
  undo: async (work) => {
    const { linked, disk } = conversionOf(work);
    await replace(work, disk, linked);
    await work.pusher.pushOrLater(work.target.id, {
      actor: work.caller.actor,
      correlationId: work.caller.correlationId,
    });
  },
};

export const convertDiskKind: Kind = {
  action: 'vm.disk.convert',
  steps: [copyStep, writeStep, pushStep],
};
