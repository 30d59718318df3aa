/**
 * Taking vms out: remove leaves every file as it is (VM-11), delete takes the files along but never one
 * that something else uses (VM-12). The agent does its part first, and once it has begun there is no way
 * back; while the operation has the vm nobody else acts on it. A vm that the agent could not let go of
 * stays known.
 */
import { posix } from 'node:path';
import { Fault } from '#lib';
import { vmFilesSchema, type DryRun, type Operation, type VmFiles } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { ImageDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { commitFresh } from '../commit-fresh.ts';
import { shown, vmDocument } from '../find.ts';
import { namesOf } from '../host-disks.ts';
import { requireMatch, type Precondition } from '../precondition.ts';
import { vmThing } from '../things.ts';
import { followed, stepNames, type Kind, type Step, type Work } from '../work.ts';
import { causeOf } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { requireAction } from './judge.ts';
import { requireNoClones } from './template-vm.ts';
import { isForeignHost } from './tell-hypervisor.ts';
import { vmGone } from './vm-gone.ts';

const destroyLimitMs = 10 * 60_000;

export async function takeOutVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  how: 'remove' | 'delete',
  options: {
    readonly precondition: Precondition;
    readonly dryRun: boolean;
    readonly disks?: 'delete' | 'keep';
  },
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const vm = vmDocument(inventory, id);
  requireMatch(options.precondition, vm.data.definition.name, vm.version);
  requireAction(inventory, shown('vm', id, inventory.vm(id)), how);
  if (how === 'delete' && vm.data.template !== undefined)
    await requireNoClones(coordinator, caller, vm);
  const keepsDisks = options.disks === 'keep';
  if (keepsDisks && !isForeignHost(inventory, vm.data.hostId))
    throw new Fault(
      'unsupported',
      `cannot delete ${vm.data.definition.name} without its disks: its definition is a file beside them`,
      { hint: 'take it out of Gantry, files unchanged: gantry vm remove' },
    );
  const kind = how === 'remove' ? removeKind : deleteKind;
  const target = vmThing(id, vm.data);
  if (options.dryRun) {
    const isAsked = how === 'delete' && !keepsDisks;
    const files = isAsked ? (await listFiles(coordinator, caller, id)).files : [];
    return {
      dryRun: true,
      action: kind.action,
      target,
      steps: stepNames(kind),
      changes: [],
      warnings: files.map(({ path, deleted, keptBecause }) => ({
        code: deleted ? 'file-deleted' : 'file-kept',
        text: deleted ? `${path} is deleted` : `${path} is kept: ${keptBecause ?? ''}`,
      })),
    };
  }
  return await coordinator.operations.submit(
    caller,
    { action: kind.action, target, input: keepsDisks ? { disks: 'keep' } : {} },
    { conditions: [{ kind: 'vm', id, version: vm.version }] },
  );
}

/** The files of a vm, with those that are kept because something that only the coordinator knows uses them. */
export async function listFiles(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
): Promise<VmFiles> {
  const { inventory, links } = coordinator;
  const vm = vmDocument(inventory, id);
  const listed = await links.call(vm.data.hostId, 'machine.files', { id });
  const users = usersOfFiles(inventory, id, vm.data.hostId);
  return vmFilesSchema.parse({
    ...listed,
    files: listed.files.map((told) => {
      const file = { ...told, sharedWith: namesOf(inventory, caller, told.sharedWith ?? []) };
      const user = users.get(posix.resolve(listed.folder, file.path));
      return user === undefined || !file.deleted
        ? file
        : { ...file, deleted: false, keptBecause: `${user} uses it` };
    }),
  });
}

/** Files on the host that other vms or images use, with who does. */
function usersOfFiles(
  inventory: Inventory,
  vmId: string,
  hostId: string,
): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const otherId of inventory.vmsOfHost(hostId)) {
    const other = inventory.document<VmDocument>('vm', otherId)?.data;
    if (otherId === vmId || other === undefined) continue;
    for (const { file } of other.definition.hardware.disks)
      users.set(posix.resolve(other.path, file), `vm ${other.definition.name}`);
  }
  for (const { data } of inventory.documents<ImageDocument>('image'))
    if (data.hostId === hostId) users.set(data.path, `image ${data.name}`);
  return users;
}

function unregisterStep(how: 'removed' | 'deleted'): Step {
  return {
    name: 'unregister',
    async run(work) {
      const { inventory } = work.coordinator;
      const { id } = work.target;
      await commitFresh(work.coordinator, () => {
        const vm = inventory.document<VmDocument>('vm', id);
        if (vm === undefined) return undefined;
        const { actor, origin, correlationId } = work.caller;
        return vmGone(inventory, vm, how, { actor, origin, correlationId });
      });
      work.pusher.forget(id);
    },
  };
}

/** A host that is gone is not asked; if it comes back, it tells of the vm as found. */
const forgetStep: Step = {
  name: 'forget',
  way: 'no-way-back',
  async run(work) {
    const vm = work.coordinator.inventory.document<VmDocument>('vm', work.target.id)?.data;
    const { links } = work.coordinator;
    if (vm === undefined || !links.connected(vm.hostId)) return;
    await forgiveMissing(
      links.call(vm.hostId, 'machine.forget', about(work, vm), followed(work, destroyLimitMs)),
    );
  },
};

const destroyStep: Step = {
  name: 'destroy',
  way: 'no-way-back',
  async run(work) {
    const { inventory, links } = work.coordinator;
    const vm = inventory.document<VmDocument>('vm', work.target.id)?.data;
    if (vm === undefined) return;
    const used = usersOfFiles(inventory, work.target.id, vm.hostId);
    const disks = vm.definition.hardware.disks.map(({ file }) => posix.resolve(vm.path, file));
    const keep = [...used.keys()].filter((path) => isBelow(path, vm.path) || disks.includes(path));
    // What a disk stands on stays with it.
    if (work.input['disks'] === 'keep') keep.push(...disks);
    const params = { ...about(work, vm), keep };
    await forgiveMissing(
      links.call(vm.hostId, 'machine.destroy', params, followed(work, destroyLimitMs)),
    );
  },
};

function about(
  work: Work,
  vm: VmDocument,
): { id: string; generation: number; cause: ReturnType<typeof causeOf> } {
  return { id: work.target.id, generation: vm.generation, cause: causeOf(work) };
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

export const removeKind: Kind = {
  action: 'vm.remove',
  steps: [forgetStep, unregisterStep('removed')],
};
export const deleteKind: Kind = {
  action: 'vm.delete',
  steps: [destroyStep, unregisterStep('deleted')],
};
