/**
 * Disks, adapters and media of a vm. The agent is asked first, because only it knows whether the running
 * machine can take the device at once (`live`); then the definition is written, then the agent is told its
 * revision. Undone in the opposite order.
 */
import { Fault } from '#lib';
import {
  adapterSchema,
  diskSchema,
  findGuest,
  mediumSchema,
  placeName,
  type Adapter,
  type AdapterAttach,
  type Disk,
  type DiskAttach,
  type DryRun,
  type Medium,
  type Operation,
  type VmAction,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Document, Json } from '../../store/store.ts';
import { parseDefinition } from '../check-definition.ts';
import { findImage, shown, vmDocument } from '../find.ts';
import { asJson } from '../json.ts';
import { imageOnHost } from '../media.ts';
import { vmThing } from '../things.ts';
import { makeMac, usedMacs } from '../vm-identity.ts';
import { stepNames, type Kind, type Step, type Work } from '../work.ts';
import { causeOf, changeDefinition, targetVm } from './common-steps.ts';
import { requireFreeMacs } from './create-vm.ts';
import { forgiveMissing } from './create-steps.ts';
import { requireAction } from './judge.ts';
import { defaultBus, freePlace, newDisk } from './make-definition.ts';
import { pushStep } from './change-vm.ts';

/** What every change of devices is given: the vm's state allows it, and the whole definition is right. */
function prepare(
  coordinator: Coordinator,
  id: string,
  action: VmAction,
): { readonly vm: Document<VmDocument>; readonly definition: VmDefinition } {
  const { inventory } = coordinator;
  requireAction(inventory, shown('vm', id, inventory.vm(id)), action);
  const vm = vmDocument(inventory, id);
  return { vm, definition: vm.data.definition };
}

async function begin(
  coordinator: Coordinator,
  caller: Caller,
  vm: Document<VmDocument>,
  kind: Kind,
  input: Readonly<Record<string, Json>>,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const target = vmThing(vm.id, vm.data);
  if (dryRun)
    return {
      dryRun: true,
      action: kind.action,
      target,
      steps: stepNames(kind),
      changes: [],
      warnings: [],
    };
  return await coordinator.operations.submit(caller, { action: kind.action, target, input });
}

function withHardware(
  definition: VmDefinition,
  hardware: Partial<VmDefinition['hardware']>,
): VmDefinition {
  return { ...definition, hardware: { ...definition.hardware, ...hardware } };
}

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
  const { hardware, guestOs, name } = definition;
  const bus = request.bus ?? defaultBus(hardware, findGuest(guestOs));
  const place = freePlace(hardware, bus, request);
  const disk =
    request.kind === 'new'
      ? newDisk(
          place,
          request.file ?? `${name}-${placeName(place).replace(':', '-')}.${request.format}`,
          request.format,
          request.sizeBytes,
        )
      : {
          ...newDisk(
            place,
            request.file,
            request.format,
            (
              await coordinator.links.call(vm.data.hostId, 'machine.disk.inspect', {
                id,
                file: request.file,
                format: request.format,
              })
            ).sizeBytes,
          ),
          readOnly: request.readOnly,
        };
  parseDefinition(addDisk(definition, disk), name, definition);
  return await begin(
    coordinator,
    caller,
    vm,
    attachDiskKind,
    { disk: asJson(disk), make: request.kind === 'new' },
    dryRun,
  );
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

/** What calls about a machine have in common. */
function machineOf(work: Work): {
  readonly hostId: string;
  readonly machine: { id: string; generation: number; cause: ReturnType<typeof causeOf> };
} {
  const vm = targetVm(work);
  return {
    hostId: vm.data.hostId,
    machine: { id: vm.id, generation: vm.data.generation, cause: causeOf(work) },
  };
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

function addAdapter(definition: VmDefinition, adapter: Adapter): VmDefinition {
  const others = definition.hardware.adapters.filter(({ slot }) => slot !== adapter.slot);
  return withHardware(definition, {
    adapters: [...others, adapter].sort((one, other) => one.slot - other.slot),
  });
}

function dropAdapter(definition: VmDefinition, adapter: Adapter): VmDefinition {
  const { adapters } = definition.hardware;
  return withHardware(definition, {
    adapters: adapters.filter(({ slot, mac }) => slot !== adapter.slot || mac !== adapter.mac),
  });
}

export async function attachAdapter(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: AdapterAttach,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  const { hardware, guestOs, name } = definition;
  const taken = new Set(hardware.adapters.map(({ slot }) => slot));
  const slot =
    request.slot ?? Array.from({ length: 16 }, (_, at) => at).find((at) => !taken.has(at));
  if (slot === undefined || taken.has(slot))
    throw new Fault(
      slot === undefined ? 'exhausted' : 'exists',
      slot === undefined
        ? `${name} has 16 network adapters already`
        : `slot ${slot} of ${name} is taken`,
      { hint: 'detach an adapter first' },
    );
  const macs = usedMacs(coordinator.inventory);
  const adapter = adapterSchema.parse({
    model:
      findGuest(guestOs)?.adapter ??
      hardware.adapters[0]?.model ??
      (hardware.machine === 'pc' ? 'tulip' : 'virtio'),
    attachment: { kind: 'user' },
    macMode: request.mac === undefined ? 'dynamic' : 'static',
    ...request,
    mac: request.mac ?? makeMac(new Set(macs)),
    slot,
  });
  const after = addAdapter(definition, adapter);
  for (const { mac } of hardware.adapters) macs.delete(mac);
  requireFreeMacs(macs, after);
  parseDefinition(after, name, definition);
  return await begin(
    coordinator,
    caller,
    vm,
    attachAdapterKind,
    { adapter: asJson(adapter) },
    dryRun,
  );
}

export async function detachAdapter(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  slot: number,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  const adapter = definition.hardware.adapters.find((one) => one.slot === slot);
  if (adapter === undefined)
    throw new Fault('not-found', `${definition.name} has no network adapter in slot ${slot}`);
  return await begin(
    coordinator,
    caller,
    vm,
    detachAdapterKind,
    { adapter: asJson(adapter) },
    dryRun,
  );
}

function adapterOf(work: Work): Adapter {
  return adapterSchema.parse(work.input['adapter']);
}

async function callAdapter(
  work: Work,
  method: 'machine.adapter.attach' | 'machine.adapter.detach',
): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { live } = await work.coordinator.links.call(
    hostId,
    method,
    { ...machine, adapter: adapterOf(work) },
    { signal: work.signal },
  );
  await work.conclude({ live });
}

const writeAdapter = (how: 'add' | 'drop'): Step => ({
  name: 'write',
  run: async (work) => {
    const change = how === 'add' ? addAdapter : dropAdapter;
    await changeDefinition(work, (definition) => change(definition, adapterOf(work)));
  },
  undo: async (work) => {
    const change = how === 'add' ? dropAdapter : addAdapter;
    await changeDefinition(work, (definition) => change(definition, adapterOf(work)));
    await work.pusher.pushOrLater(work.target.id, causeOf(work));
  },
});

export const attachAdapterKind: Kind = {
  action: 'vm.adapter.attach',
  steps: [
    {
      name: 'attach',
      run: (work) => callAdapter(work, 'machine.adapter.attach'),
      undo: (work) => callAdapter(work, 'machine.adapter.detach'),
    },
    writeAdapter('add'),
    pushStep,
  ],
};

export const detachAdapterKind: Kind = {
  action: 'vm.adapter.detach',
  steps: [
    {
      name: 'detach',
      run: (work) => callAdapter(work, 'machine.adapter.detach'),
      undo: (work) => callAdapter(work, 'machine.adapter.attach'),
    },
    writeAdapter('drop'),
    pushStep,
  ],
};

/** Null ejects. */
export async function changeMedium(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  medium: Medium | null,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'insert-media');
  const before = mediumAt(definition, place);
  let wanted = medium;
  if (medium?.kind === 'image') {
    const image = findImage(coordinator.inventory, caller, medium.image);
    if (image.data.hostId !== vm.data.hostId)
      throw new Fault('refused', `the image ${image.data.name} is not on the host of the vm`, {
        hint: 'build or add it there',
      });
    const fits = place === 'floppy' ? 'floppy' : 'cd';
    if (image.data.imageKind !== fits)
      throw new Fault(
        'refused',
        `the image ${image.data.name} is a ${image.data.imageKind}, not a ${fits}`,
      );
    // By id, so that the image may be renamed.
    wanted = { kind: 'image', image: image.id };
  }
  return await begin(
    coordinator,
    caller,
    vm,
    wanted === null ? ejectKind : insertKind,
    { place, medium: asJson(wanted), before: asJson(before) },
    dryRun,
  );
}

/** What is in the drive. Errors: `not-found`. */
function mediumAt({ hardware, name }: VmDefinition, place: string): Medium | null {
  if (place === 'floppy' && hardware.floppy !== null) return hardware.floppy.medium;
  const drive = hardware.opticalDrives.find((one) => placeName(one) === place);
  if (drive !== undefined) return drive.medium;
  const drives = hardware.opticalDrives.map(placeName);
  if (hardware.floppy !== null) drives.push('floppy');
  throw new Fault('not-found', `${name} has no drive ${place.slice(0, 40)}`, {
    hint: `its drives are: ${drives.join(', ') || 'none'}`,
  });
}

function putMedium(definition: VmDefinition, place: string, medium: Medium | null): VmDefinition {
  const { opticalDrives, floppy } = definition.hardware;
  if (place === 'floppy')
    return withHardware(definition, { floppy: floppy === null ? null : { ...floppy, medium } });
  return withHardware(definition, {
    opticalDrives: opticalDrives.map((drive) =>
      placeName(drive) === place ? { ...drive, medium } : drive,
    ),
  });
}

function mediumOf(work: Work, which: 'medium' | 'before'): Medium | null {
  return mediumSchema.nullable().parse(work.input[which] ?? null);
}

async function callMedium(work: Work, which: 'medium' | 'before'): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { inventory, links } = work.coordinator;
  const medium = mediumOf(work, which);
  const image = medium?.kind === 'image' ? imageOnHost(inventory, hostId, medium.image) : undefined;
  const { live } = await links.call(
    hostId,
    'machine.medium',
    {
      ...machine,
      place: String(work.input['place']),
      medium,
      path: image?.document.path ?? null,
    },
    { signal: work.signal },
  );
  await work.conclude({ live });
}

function writeMedium(work: Work, which: 'medium' | 'before'): Promise<boolean> {
  const place = String(work.input['place']);
  return changeDefinition(work, (now) => putMedium(now, place, mediumOf(work, which)));
}

const mediumSteps: readonly Step[] = [
  {
    name: 'change',
    run: (work) => callMedium(work, 'medium'),
    undo: (work) => callMedium(work, 'before'),
  },
  {
    name: 'write',
    run: async (work) => {
      await writeMedium(work, 'medium');
    },
    undo: async (work) => {
      await writeMedium(work, 'before');
      await work.pusher.pushOrLater(work.target.id, causeOf(work));
    },
  },
  pushStep,
];

export const insertKind: Kind = { action: 'vm.medium.insert', steps: mediumSteps };
export const ejectKind: Kind = { action: 'vm.medium.eject', steps: mediumSteps };
