/**
 * Changing a vm: settings by merge patch, the name, the folder. The patched definition is checked as a
 * whole; every changed path is an event (VM-18). The store is changed first, then the agent is told; an
 * agent that refuses has the change taken back, one that is away gets it later.
 */
import { Fault, type Reason } from '#lib';
import {
  diffSettings,
  useOf,
  vmDefinitionSchema,
  type DryRun,
  type Operation,
  type SettingChange,
  type Vm,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, VmDocument } from '../../documents.ts';
import { requireMatch, type Precondition } from '../precondition.ts';
import { chargeOfChange, chargeVm } from '../../operations/charge.ts';
import type { Document, Json, Write } from '../../store/store.ts';
import { parseDefinition } from '../check-definition.ts';
import { commitFresh } from '../commit-fresh.ts';
import { findFolder, findImage, requireVerb, shown, vmDocument } from '../find.ts';
import { asReasons, inWords, warnOfChange } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { mediaOf } from '../media.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { applyMergePatch } from '../merge-patch.ts';
import { nameOwner, nameTaken, releaseName, requireFreeName, reserveName } from '../names.ts';
import { nameNetworks } from '../network/name-networks.ts';
import { ancestorsOfPlace, vmThing } from '../things.ts';
import { requireFreeMacs } from '../macs.ts';
import { warnOfChangedVm } from '../vm-warnings.ts';
import { stepNames, type Kind, type Step, type Work } from '../work.ts';
import { causeOf, changeDefinition, targetVm, vmFrame, type AlongWith } from './common-steps.ts';
import { requireAction } from './judge.ts';
import { requireAccountChoice } from './account-choice.ts';
import { judgeAutomaticStart } from './automatic-start.ts';
import { requireOwnFiles } from './others-files.ts';
import { requireDriveRight } from './raw-devices.ts';
import { requireScriptRight } from './script-right.ts';
import { requireTimeSource } from './time-source.ts';
import { takeSeen, tellHypervisor } from './tell-hypervisor.ts';
import { requireUndoChoice, warnOfUndo } from './undo-choice.ts';

export async function updateVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  patch: Readonly<Record<string, Json>>,
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const vm = vmDocument(inventory, id);
  requireMatch(options.precondition, vm.data.definition.name, vm.version);
  const definition = patchDefinition(inventory, vm.data.definition, patch);
  const changes = diffSettings(vm.data.definition, definition);
  requireChangeable(coordinator, caller, vm, definition, changes);
  const target = vmThing(id, vm.data);
  const warnings = [
    ...warningsOfUpdate(coordinator, vm.data, definition),
    ...(await judgeAutomaticStart(coordinator, vm.data.hostId, definition, vm.data.definition)),
  ];
  const charge = chargeOfChange(id, vm.data, definition);
  chargeVm(inventory, charge, vm.data.definition.name);
  if (options.dryRun)
    return {
      dryRun: true,
      action: updateKind.action,
      target,
      steps: stepNames(updateKind),
      changes: changes.map((change) => ({ ...change })),
      warnings: asReasons(warnings),
    };
  return await coordinator.operations.submit(
    caller,
    {
      action: updateKind.action,
      target,
      input: {
        patch: asJson(patch),
        before: asJson(vm.data.definition),
        warnings: inWords(warnings),
      },
      charge,
    },
    options.precondition === undefined
      ? undefined
      : { conditions: [{ kind: 'vm', id, version: vm.version }] },
  );
}

/** A guest counts as installed once the vm was started with a disk. */
function warningsOfUpdate(
  { inventory }: Coordinator,
  vm: VmDocument,
  after: VmDefinition,
): readonly Reason[] {
  const { definition: before, generation, hostId } = vm;
  const installed = generation > 0 && before.hardware.disks.length > 0;
  return [
    ...(installed ? warnOfChange(before, after) : []),
    ...warnOfChangedVm(inventory, hostId, before, after),
    ...warnOfUndo(inventory, vm, after),
  ];
}

/** The definition after the patch. Id and was-running memory are Gantry's and stay. */
export function patchDefinition(
  inventory: Inventory,
  before: VmDefinition,
  patch: Readonly<Record<string, Json>>,
): VmDefinition {
  const given = patch['id'];
  if (given !== undefined && given !== before.id)
    throw new Fault('invalid', `the id of ${before.name} never changes`, {
      facts: { path: 'id' },
      hint: 'leave the id out',
    });
  const patched = parseDefinition(
    applyMergePatch(before, { ...patch, id: before.id }),
    before.name,
    before,
  );
  return keepMemory(nameNetworks(inventory, patched, before), before);
}

/** Errors: `refused` by the state, `forbidden` for what takes a further right, `exists`, `not-found`. */
function requireChangeable(
  { inventory }: Coordinator,
  caller: Caller,
  vm: Document<VmDocument>,
  after: VmDefinition,
  changes: readonly SettingChange[],
): void {
  if (changes.length === 0) return;
  const before = vm.data.definition;
  const on = { kind: 'vm', id: vm.id } as const;
  const resource = shown('vm', vm.id, inventory.vm(vm.id));
  const touches = (prefix: string): boolean =>
    changes.some(({ path }) => path === prefix || path.startsWith(`${prefix}/`));
  // A saved vm keeps its hardware; its name and its settings may change (VM-52).
  const host = inventory.document<HostDocument>('host', vm.data.hostId)?.data;
  // Settings are kept by a host that can be told of them.
  const ofHost = touches('settings') && host?.facts?.missing.configure !== undefined;
  const hard = touches('hardware') || touches('resources') || touches('guest_os') || ofHost;
  requireAction(inventory, resource, hard ? 'configure' : 'rename');
  if (touches('hardware/disks')) requireVerb(caller, 'vm.disks', on, before.name);
  if (touches('hardware/bios') && resource.state !== 'off')
    throw new Fault('refused', `the serial numbers of ${before.name} change only while it is off`, {
      facts: { state: resource.state },
      hint: 'turn the vm off first',
    });
  requireTimeSource(after, resource.status.guest?.domainController === true, before);
  requireAccountChoice(after, before);
  requireOwnFiles(inventory, caller, vm.data.hostId, after, before);
  requireDriveRight(caller, vm.data.hostId, after, before);
  requireScriptRight(caller, on, after, before);
  requireUndoChoice(resource, before, after);
  if (after.name !== before.name) requireFreeName(inventory, 'vm', after.name);
  const known = new Set(mediaOf(before).map((medium) => JSON.stringify(medium)));
  for (const medium of mediaOf(after))
    if (medium.kind === 'image' && !known.has(JSON.stringify(medium)))
      findImage(inventory, caller, medium.image);
  requireFreeMacs(inventory, caller, after);
}

/** The vm's new and old name, where a change of the definition is one of the name. */
function renameAlong(work: Work, before: VmDocument, after: VmDocument): AlongWith {
  const { name } = after.definition;
  const oldName = before.definition.name;
  if (name === oldName) return {};
  const { id } = after.definition;
  const owner = nameOwner(work.coordinator.inventory, 'vm', name);
  if (owner !== undefined && owner !== id) throw nameTaken('vm', name);
  const writes: Write[] = [
    ...(owner === undefined ? reserveName('vm', name, id).writes : []),
    releaseName('vm', oldName),
  ];
  return {
    writes,
    conditions: owner === undefined ? reserveName('vm', name, id).conditions : [],
    events: [{ ...vmFrame(work, after), name: 'vm.renamed', attributes: { oldName } }],
  };
}

const writeStep: Step = {
  name: 'write',
  async run(work) {
    await changeDefinition(
      work,
      (definition) => patchDefinition(work.coordinator.inventory, definition, patchOf(work)),
      (before, after) => renameAlong(work, before, after),
    );
  },
  async undo(work) {
    const { inventory } = work.coordinator;
    if (inventory.document('vm', work.target.id) === undefined) return;
    const before = vmDefinitionSchema.parse(work.input['before']);
    const ours = patchDefinition(inventory, before, patchOf(work));
    // Before the definition is the old one again: it may have been told.
    await tellHypervisor(work, ours, before).catch(() => undefined);
    await changeDefinition(
      work,
      // What somebody else has made of it since then stays.
      (now) =>
        diffSettings(keepMemory(ours, now), now).length === 0 ? keepMemory(before, now) : now,
      (now, after) => renameAlong(work, now, after),
    );
    await takeSeen(work).catch(() => undefined);
    await work.pusher.pushOrLater(work.target.id, causeOf(work));
  },
};

function patchOf(work: Work): Readonly<Record<string, Json>> {
  return work.input['patch'] as Readonly<Record<string, Json>>;
}

/** The definition with the was-running memory of another. */
function keepMemory(definition: VmDefinition, now: VmDefinition): VmDefinition {
  const { settings } = definition;
  const { quit } = now.settings.shutdown;
  return {
    ...definition,
    settings: { ...settings, shutdown: { ...settings.shutdown, quit } },
  };
}

/** Tells the agent. One that is away gets it when it is back. Of a host without one what is there now is taken over. */
export const pushStep: Step = {
  name: 'push',
  async run(work) {
    await takeSeen(work);
    const how = await work.pusher.pushOrLater(work.target.id, causeOf(work), work.signal);
    const { warnings } = work.input;
    const { pending } = work.coordinator.inventory.vm(work.target.id)?.status ?? { pending: [] };
    await work.conclude({
      ...(how === 'later' ? { told: 'when the host is back' } : {}),
      ...(pending.length > 0 ? { atNextStart: [...pending] } : {}),
      ...(Array.isArray(warnings) && warnings.length > 0 ? { warnings } : {}),
    });
  },
};

/** A host without an agent keeps the truth itself: it is told at once, or nothing changes. */
const tellStep: Step = {
  name: 'push',
  async run(work) {
    const { definition } = targetVm(work).data;
    await tellHypervisor(work, vmDefinitionSchema.parse(work.input['before']), definition);
    await pushStep.run(work);
  },
};

export const updateKind: Kind = { action: 'vm.update', steps: [writeStep, tellStep] };

/** Files the vm in another folder. Errors: `not-found`, `forbidden` without vm.create in the new folder. */
export async function moveVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  reference: string,
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<Vm> {
  const { inventory } = coordinator;
  const folder = findFolder(inventory, caller, reference);
  const place = (vm: VmDocument): VmDocument => ({ ...vm, folderId: folder.id });
  requireVerb(
    caller,
    'vm.create',
    { kind: 'place', folderId: folder.id, hostId: vmDocument(inventory, id).data.hostId },
    `folder ${inventory.folderPath(folder.id)}`,
  );
  if (options.dryRun) {
    const vm = vmDocument(inventory, id);
    requireMatch(options.precondition, vm.data.definition.name, vm.version);
    const { definition } = vm.data;
    chargeVm(inventory, { vm: id, folderId: folder.id, use: useOf(definition) }, definition.name);
    return {
      ...shown('vm', id, inventory.vm(id)),
      folderId: folder.id,
      folder: inventory.folderPath(folder.id),
    };
  }
  await commitFresh(coordinator, () => {
    const vm = vmDocument(inventory, id);
    requireMatch(options.precondition, vm.data.definition.name, vm.version);
    if (vm.data.folderId === folder.id) return undefined;
    const after = place(vm.data);
    const { definition } = vm.data;
    const charge = { vm: id, folderId: folder.id, use: useOf(definition) };
    const taken = chargeVm(inventory, charge, definition.name);
    return {
      conditions: [
        ...taken.conditions,
        { kind: 'vm', id, version: vm.version },
        { kind: 'folder', id: folder.id, version: folder.version },
      ],
      writes: [{ kind: 'vm', id, data: after }, ...taken.writes],
      events: [
        {
          name: 'vm.moved',
          target: vmThing(id, after),
          ancestors: ancestorsOfPlace(inventory, after),
          actor: caller.actor,
          origin: caller.origin,
          correlationId: caller.correlationId,
          attributes: {
            oldFolder: inventory.folderPath(vm.data.folderId),
            newFolder: inventory.folderPath(folder.id),
          },
        },
      ],
    };
  });
  return shown('vm', id, inventory.vm(id));
}
