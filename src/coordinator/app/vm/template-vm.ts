/**
 * Templates (docs/rfd/0035): vms that are there to be cloned. What their clones are like is kept by a snapshot, which is taken,
 * and so write-protected, before anybody is told that there is a template; while the mark is on the vm nothing changes it.
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { Fault } from '#lib';
import { placeName, type Disk, type DryRun, type Operation, type VmAction } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { commitFresh } from '../commit-fresh.ts';
import { shown, vmDocument } from '../find.ts';
import { namesOf } from '../host-disks.ts';
import { vmThing } from '../things.ts';
import { stepNames, type Kind, type Step, type Work } from '../work.ts';
import { targetVm, vmFrame } from './common-steps.ts';
import { requireAction } from './judge.ts';
import { deleteOn, listSnapshots, requireRoom, takeAndTell } from './snapshots-vm.ts';

export async function makeTemplate(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, links } = coordinator;
  const ignored = requireAction(inventory, shown('vm', id, inventory.vm(id)), 'make-template');
  const vm = vmDocument(inventory, id);
  const { definition, hostId } = vm.data;
  const known = listSnapshots(inventory, id);
  if (ignored === undefined) {
    requireNoUndo(inventory.vm(id)?.status.undo ?? null, definition.name);
    requireRoom(definition, known);
    const { files } = await links.call(hostId, 'machine.files', { id });
    const parents = new Map(files.map(({ path, parent }) => [basename(path), parent]));
    for (const disk of definition.hardware.disks)
      requireClonable(definition.name, disk, parents.get(disk.file) ?? null);
  }
  const snapshot = {
    id: randomUUID(),
    name: freeName(known.map(({ name }) => name)),
    description: 'what clones of the template are like',
    author: caller.actor.name,
    exclude: [],
    memory: false,
    quiesce: false,
  };
  return await begin(coordinator, caller, vm, makeTemplateKind, { snapshot }, ignored, dryRun);
}

/** Errors: `refused` while linked clones stand on its disks. */
export async function endTemplate(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const action: VmAction = 'end-template';
  const ignored = requireAction(inventory, shown('vm', id, inventory.vm(id)), action);
  const vm = vmDocument(inventory, id);
  const { template } = vm.data;
  if (template !== undefined) await requireNoClones(coordinator, caller, vm);
  const input = { snapshotId: template?.snapshotId ?? '' };
  return await begin(coordinator, caller, vm, endTemplateKind, input, ignored, dryRun);
}

async function begin(
  { operations }: Coordinator,
  caller: Caller,
  { id, data }: Document<VmDocument>,
  { action, steps }: Kind,
  input: { readonly snapshotId: string } | { readonly snapshot: Taken },
  ignored: string | undefined,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const target = vmThing(id, data);
  if (!dryRun)
    return await operations.submit(caller, {
      action,
      target,
      input: { ...input, ...(ignored === undefined ? {} : { ignored }) },
    });
  return {
    dryRun: true,
    action,
    target,
    steps: ignored === undefined ? stepNames({ action, steps }) : [],
    changes: [],
    warnings: ignored === undefined ? [] : [{ code: 'ignored', text: ignored }],
  };
}

/**
 * TPL-09: what is a parent of other disks is neither deleted nor changed. Errors: `refused` naming the linked clones; those of
 * the host.
 */
export async function requireNoClones(
  { inventory, links }: Coordinator,
  caller: Caller,
  { id, data }: Document<VmDocument>,
): Promise<void> {
  const { files } = await links.call(data.hostId, 'machine.files', { id });
  const vmIds = [...new Set(files.flatMap(({ sharedWith }) => sharedWith ?? []))];
  if (vmIds.length === 0) return;
  const names = namesOf(inventory, caller, vmIds).slice(0, 10).join(', ');
  const { name } = data.definition;
  throw new Fault('refused', `linked clones stand on the disks of the template ${name}: ${names}`, {
    facts: { vm: name, clones: vmIds.length },
    hint: 'delete them first, or make them independent with: gantry vm flatten',
  });
}

/** What no clone could be made of is no template either. Errors: `refused` naming the disk. */
function requireClonable(vm: string, disk: Disk, parent: string | null): void {
  const why = whyNot(disk, parent);
  if (why === undefined) return;
  throw new Fault('refused', `the disk ${placeName(disk)} of ${vm} ${why}`, {
    hint: 'detach it, or attach a copy with: gantry vm attach-disk --import',
  });
}

function whyNot(disk: Disk, parent: string | null): string | undefined {
  if (disk.kind !== undefined) return 'is a drive of the host';
  if (disk.shared) return 'is shared with other vms';
  if (disk.readOnly) return 'is read-only';
  if (basename(disk.file) !== disk.file) return 'lies outside of the folder of its vm';
  return parent === null ? undefined : `lies on ${parent}, which clones would need as well`;
}

function requireNoUndo(undo: object | null, vm: string): void {
  if (undo === null) return;
  throw new Fault('refused', `${vm} has undo disks`, { hint: 'commit or discard them first' });
}

function freeName(taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'template' : `template ${number}`;
    if (!taken.includes(name)) return name;
  }
}

type Taken = Parameters<typeof takeAndTell>[1];

function takenBy({ input }: Work): Taken {
  return input['snapshot'] as unknown as Taken;
}

/** One commit with its event; nothing where it is so already. */
async function mark(work: Work, snapshotId: string | null): Promise<void> {
  await commitFresh(work.coordinator, () => {
    const vm = targetVm(work);
    const { template, ...ordinary } = vm.data;
    if ((template?.snapshotId ?? null) === snapshotId) return undefined;
    const data: VmDocument =
      snapshotId === null ? ordinary : { ...ordinary, template: { snapshotId } };
    const name = snapshotId === null ? 'vm.template.ended' : 'vm.template.made';
    return {
      conditions: [{ kind: 'vm', id: vm.id, version: vm.version }],
      writes: [{ kind: 'vm', id: vm.id, data }],
      events: [{ ...vmFrame(work, data), name, attributes: {} }],
    };
  });
}

/** A step that does nothing where there was nothing to do from the start. */
function unlessIgnored({ run, ...step }: Step): Step {
  return {
    ...step,
    async run(work) {
      const { ignored } = work.input;
      if (typeof ignored === 'string') await work.conclude({ ignored });
      else await run(work);
    },
  };
}

export const makeTemplateKind: Kind = {
  action: 'vm.template.make',
  steps: (
    [
      {
        name: 'keep',
        run: (work) => takeAndTell(work, takenBy(work)),
        undo: (work) =>
          typeof work.input['ignored'] === 'string'
            ? Promise.resolve()
            : deleteOn(work, takenBy(work).id),
      },
      {
        name: 'mark',
        run: (work) => mark(work, takenBy(work).id),
        undo: (work) => mark(work, null),
      },
    ] satisfies Step[]
  ).map(unlessIgnored),
};

export const endTemplateKind: Kind = {
  action: 'vm.template.end',
  steps: (
    [
      {
        name: 'unmark',
        run: (work) => mark(work, null),
        undo: (work) => mark(work, String(work.input['snapshotId'])),
      },
      {
        name: 'release',
        way: 'no-way-back',
        run: (work) => deleteOn(work, String(work.input['snapshotId'])),
      },
    ] satisfies Step[]
  ).map(unlessIgnored),
};
