/**
 * A differencing disk over a disk that a vm has, which the vm has in its place from then on (DISK-28): one operation of the
 * vm, since nobody may write what a child is made from.
 */
import { posix } from 'node:path';
import { diskSchema, placeName, type Disk, type DiskWork, type DryRun, type Operation } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { parseDefinition } from '../check-definition.ts';
import { requireVerb } from '../find.ts';
import { namesOf } from '../host-disks.ts';
import { asJson } from '../json.ts';
import type { Kind, Step, Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { causeOf, changeDefinition } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { begin, machineOf, prepare, withHardware } from './device-change.ts';

type ChildWork = Extract<DiskWork, { verb: 'create-child' }>;

/** Errors: `not-found` where no vm has the parent; `refused` for one that is not off, or more than one; `forbidden`. */
export async function reattachToChild(
  coordinator: Coordinator,
  caller: Caller,
  hostId: string,
  work: ChildWork,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { id } = findOwner(coordinator, caller, hostId, work.parent);
  requireVerb(caller, 'vm.disks', { kind: 'vm', id }, 'the vm that has the parent');
  const { vm, definition } = prepare(coordinator, id, 'change-disks');
  const { name, hardware } = definition;
  if ([work.variant, work.blockBytes, work.parentFormat].some((chosen) => chosen !== undefined))
    throw new Fault('invalid', `${name} gets a child of the usual kind in the place of its disk`, {
      hint: 'leave out kind, unit of allocation and format of the parent',
    });
  const state = coordinator.inventory.vm(id)?.state;
  if (state !== 'off')
    throw new Fault('refused', `${name} is ${state}, and its disk changes only while it is off`, {
      hint: 'shut it down first',
    });
  const { path } = vm.data;
  if (posix.dirname(work.file) !== path)
    throw new Fault('refused', `a child that ${name} has as its disk lies in its folder`, {
      hint: `name it ${posix.join(path, posix.basename(work.file))}`,
    });
  const parent = hardware.disks.find((disk) => pathOf(path, disk) === work.parent);
  if (parent === undefined) throw new Fault('not-found', `${name} has no disk ${work.parent}`);
  const child: Disk = { ...parent, file: posix.basename(work.file), format: work.format };
  const after = parseDefinition(withDisk(definition, parent, child), name, definition);
  const input = { parent: asJson(parent), child: asJson(child) };
  return await begin(coordinator, caller, vm, reattachKind, input, dryRun, after);
}

function pathOf(folder: string, { file }: Disk): string {
  return posix.resolve(folder, file);
}

function findOwner(
  { inventory }: Coordinator,
  caller: Caller,
  hostId: string,
  parent: string,
): Document<VmDocument> {
  const owners = [...inventory.documents<VmDocument>('vm')].filter(
    ({ data }) =>
      data.hostId === hostId &&
      data.definition.hardware.disks.some((disk) => pathOf(data.path, disk) === parent),
  );
  const [owner, other] = owners;
  if (owner === undefined)
    throw new Fault('not-found', `no vm has ${parent} as its disk`, {
      hint: 'make the child without re-attaching, and attach it where it is wanted',
    });
  if (other === undefined) return owner;
  const names = namesOf(
    inventory,
    caller,
    owners.map(({ id }) => id),
  );
  throw new Fault('refused', `more than one vm has ${parent}: ${names.join(', ')}`, {
    hint: 'detach it from all but one',
  });
}

function withDisk(
  definition: VmDocument['definition'],
  before: Disk,
  after: Disk,
): VmDocument['definition'] {
  return withHardware(definition, {
    disks: definition.hardware.disks.map((one) =>
      placeName(one) === placeName(before) && one.file === before.file ? after : one,
    ),
  });
}

function pairOf({ input }: Work): { readonly parent: Disk; readonly child: Disk } {
  return { parent: diskSchema.parse(input['parent']), child: diskSchema.parse(input['child']) };
}

const childStep: Step = {
  name: 'child',
  async run(work) {
    const { hostId, machine } = machineOf(work);
    const made = await work.coordinator.links.call(
      hostId,
      'machine.disk.put-child',
      { ...machine, ...pairOf(work) },
      { signal: work.signal },
    );
    await work.conclude(made);
  },
  async undo(work) {
    const { hostId, machine } = machineOf(work);
    const params = { ...machine, ...pairOf(work) };
    await forgiveMissing(work.coordinator.links.call(hostId, 'machine.disk.drop-child', params));
  },
};

const writeStep: Step = {
  name: 'write',
  async run(work) {
    const { parent, child } = pairOf(work);
    await changeDefinition(work, (definition) => withDisk(definition, parent, child));
  },
  async undo(work) {
    const { parent, child } = pairOf(work);
    await changeDefinition(work, (definition) => withDisk(definition, child, parent));
    await work.pusher.pushOrLater(work.target.id, causeOf(work));
  },
};

export const reattachKind: Kind = {
  action: 'vm.disk.reattach',
  steps: [childStep, writeStep, pushStep],
};
