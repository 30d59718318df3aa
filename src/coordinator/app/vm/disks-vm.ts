/** Disks of a vm: new or existing ones attached, attached ones detached. A detached disk's file stays. */
import { Fault, isFault } from '#lib';
import {
  diskSchema,
  diskSourceSchema,
  findGuest,
  limitsSaid,
  placeName,
  type Disk,
  type DiskAttach,
  type DiskSource,
  type DryRun,
  type Operation,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { parseDefinition } from '../check-definition.ts';
import { asJson } from '../json.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { copyLimitMs } from './clone-steps.ts';
import { causeOf, changeDefinition } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { warnOfInstalled } from './guest-identity.ts';
import { begin, machineOf, prepare, requireDisk, withHardware } from './device-change.ts';
import { linkDrive } from './linked-disks.ts';
import { defaultBus, freePlace, newDisk, newSource } from './make-definition.ts';
import { requireOwnFiles, requireOwnPaths } from './others-files.ts';
import { isForeignHost } from './tell-hypervisor.ts';
import { giveDrive } from './raw-devices.ts';

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
  const { disk: chosen, source, system } = await chooseDisk(coordinator, caller, vm, request);
  const limits = 'limits' in request ? limitsSaid(request.limits) : undefined;
  const disk = limits === undefined ? chosen : { ...chosen, limits };
  const after = parseDefinition(addDisk(definition, disk), name, definition);
  requireOwnFiles(coordinator.inventory, caller, vm.data.hostId, after, definition);
  return await begin(
    coordinator,
    caller,
    vm,
    attachDiskKind,
    { disk: asJson(disk), source: source === null ? null : asJson(source) },
    dryRun,
    after,
    system === true && 'file' in request ? [warnOfInstalled(request.file ?? disk.file)] : [],
  );
}

interface Chosen {
  readonly disk: Disk;
  /** What its file is made from; null: it is there. */
  readonly source: DiskSource | null;
  /** Whether a system starts from what is there. */
  readonly system?: boolean;
}

async function chooseDisk(
  coordinator: Coordinator,
  caller: Caller,
  { id, data }: Document<VmDocument>,
  request: DiskAttach,
): Promise<Chosen> {
  if (request.kind === 'linked')
    return { disk: await linkDrive(coordinator, caller, id, request), source: null };
  if (request.kind === 'device')
    return { disk: await giveDrive(coordinator, caller, data, request), source: null };
  const { hardware, guestOs, name } = data.definition;
  const place = freePlace(
    hardware,
    request.bus ?? defaultBus(data.definition, findGuest(guestOs)),
    request,
  );
  const file = `${name}-${placeName(place).replace(':', '-')}.${request.format}`;
  switch (request.kind) {
    case 'new': {
      const { sizeBytes, allocation, shared, format } = request;
      const disk = newDisk(place, request.file ?? file, format, sizeBytes, allocation);
      const source = newSource(disk.file, format, sizeBytes, allocation);
      return { disk: shared ? shareDisk(disk) : disk, source };
    }
    case 'existing': {
      const { format } = request;
      const query = { id, file: request.file, format };
      const { sizeBytes, system } = await coordinator.links.call(
        data.hostId,
        'machine.disk.inspect',
        query,
      );
      const { readOnly, shared } = request;
      const disk = { ...newDisk(place, request.file, format, sizeBytes), readOnly };
      return { disk: shared ? shareDisk(disk) : disk, source: null, system };
    }
    case 'import': {
      const { format } = request;
      const { system, ...from } = await findForeign(coordinator, data.hostId, request.file);
      const { sizeBytes, sourcePath } = from;
      const files = new Set([request.file, sourcePath]);
      requireOwnPaths(coordinator.inventory, caller, { hostId: data.hostId, id }, files);
      const source = { kind: 'foreign', file, format, ...from } as const;
      return { disk: newDisk(place, file, format, sizeBytes), source, system };
    }
  }
}

/** Past the cache of the host, so that each vm reads what another has written (DISK-61). */
function shareDisk(disk: Disk): Disk {
  return { ...disk, shared: true, cache: 'none' };
}

type Foreign = Pick<
  Extract<DiskSource, { kind: 'foreign' }>,
  'sizeBytes' | 'sourcePath' | 'sourceFormat'
> & { readonly system: boolean };

/** Errors: `corrupt` for what is no disk; `refused` for one that a vm has: its contents are not handed out by naming it. */
async function findForeign({ links }: Coordinator, hostId: string, file: string): Promise<Foreign> {
  const found = await links.call(hostId, 'host.disk', { file });
  const { format, sizeBytes, vmIds, path, problem, system } = found;
  if (format === null || sizeBytes === null || problem !== null)
    throw new Fault(
      'corrupt',
      `${file} cannot be read as a disk: ${problem ?? 'why is not known'}`,
      {
        hint: 'see what is wrong with it: gantry host disk',
      },
    );
  if (vmIds.length > 0)
    throw new Fault('refused', `cannot import ${file}: it is a disk of a vm here`, {
      hint: 'detach it there first, or copy that vm with: gantry vm clone',
    });
  return { sizeBytes, sourcePath: path, sourceFormat: format, system };
}

export async function detachDisk(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  place: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const disk = requireDisk(definition, place);
  return await begin(coordinator, caller, vm, detachDiskKind, { disk: asJson(disk) }, dryRun);
}

function diskOf(work: Work): Disk {
  return diskSchema.parse(work.input['disk']);
}

/**
 * A volume of a hypervisor that others run does not say who has made it: that there was none is remembered before it is
 * made. Whether one that is there now is of a run of this step that was ended.
 */
async function noteFree(work: Work, { file }: DiskSource): Promise<boolean> {
  const { hostId } = machineOf(work);
  const { links, inventory } = work.coordinator;
  if (!isForeignHost(inventory, hostId)) return false;
  if (work.memory['free'] === true) return true;
  const query = { id: null, file, format: diskOf(work).format };
  const isFree = await links.call(hostId, 'machine.disk.inspect', query).then(
    () => false,
    (error: unknown) => {
      if (isFault(error, 'not-found')) return true;
      throw error;
    },
  );
  if (!isFree)
    throw new Fault('exists', `there is a volume ${file} already`, {
      hint: 'choose another name, or attach that one',
    });
  await work.remember({ free: true });
  return false;
}

const makeDiskStep: Step = {
  name: 'make',
  async run(work) {
    const { source } = work.input;
    if (source === null || source === undefined) return;
    const { hostId, machine } = machineOf(work);
    const wanted = diskSourceSchema.parse(source);
    const mayBeOurs = await noteFree(work, wanted);
    try {
      await work.coordinator.links.call(
        hostId,
        'machine.disk.create',
        { ...machine, source: wanted },
        followed(work, copyLimitMs),
      );
    } catch (error) {
      if (!isFault(error, 'exists')) throw error;
      if (!mayBeOurs) {
        // Somebody was faster: it is theirs, and stays.
        await work.remember({ free: false });
        throw error;
      }
    }
    await work.remember({ made: true });
  },
  async undo(work) {
    const { made, free } = work.memory;
    if (made !== true && free !== true) return;
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
  const disk = diskOf(work);
  const { live } = await work.coordinator.links.call(
    hostId,
    method,
    { ...machine, disk },
    { signal: work.signal },
  );
  await work.conclude({ live, place: placeName(disk), file: disk.file });
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
