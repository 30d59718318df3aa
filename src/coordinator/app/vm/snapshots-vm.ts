/**
 * Snapshots of a vm. Its host has them, beside the disks, and reports them with the vm's state; what is listed is
 * the last report, so also of a host that is away. A host does what it is asked for once.
 */
import { randomUUID } from 'node:crypto';
import { Fault } from '#lib';
import {
  vmDefinitionSchema,
  type DryRun,
  type LinkParams,
  type Operation,
  type Snapshot,
  type SnapshotPatch,
  type SnapshotRevert,
  type SnapshotTake,
  type VmAction,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { StatusDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { quotasAbove } from '../../operations/charge.ts';
import type { Document, Json } from '../../store/store.ts';
import { asJson } from '../json.ts';
import { giveMac, usedMacs } from '../macs.ts';
import { definitionFromAgent } from '../media.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { changeDefinition, targetVm } from './common-steps.ts';
import { begin, machineOf, prepare } from './device-change.ts';
import { actStep, checkStep, claimStep } from './power-steps.ts';
import { takeSeen } from './tell-hypervisor.ts';

/** What moves all that a layer holds takes its time. */
const mergeLimitMs = 24 * 3_600_000;
/** Memory is written as fast as the host's disk is. */
const memoryLimitMs = 30 * 60_000;

export function listSnapshots(inventory: Inventory, id: string): readonly Snapshot[] {
  return inventory.document<StatusDocument>('status', id)?.data.report.snapshots ?? [];
}

/** By name or id. Errors: `not-found`. */
export function findSnapshot(inventory: Inventory, id: string, reference: string): Snapshot {
  const all = listSnapshots(inventory, id);
  const found =
    all.find((one) => one.id === reference) ?? all.find((one) => one.name === reference);
  if (found !== undefined) return found;
  throw new Fault('not-found', `there is no snapshot ${reference.slice(0, 100)}`, {
    hint: `its snapshots: ${all.map(({ name }) => name).join(', ') || 'none'}`.slice(0, 300),
  });
}

export async function takeSnapshot(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: SnapshotTake,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'take-snapshot');
  const known = listSnapshots(coordinator.inventory, id);
  const replaced = replacedBy(definition, known, request);
  requireFreeName(
    known.filter((one) => one.id !== replaced?.id),
    request.name,
    definition.name,
  );
  const input = { ...inputOfTake(caller, request), replaces: replaced?.id ?? null };
  return await begin(coordinator, caller, vm, takeSnapshotKind, input, dryRun);
}

export async function revertSnapshot(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  reference: string,
  request: SnapshotRevert,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'revert-snapshot');
  const { inventory } = coordinator;
  const snapshot = findSnapshot(inventory, id, reference);
  const { snapshotFirst: name } = request;
  if (name !== undefined) {
    const known = listSnapshots(inventory, id);
    requireFreeName(known, name, definition.name);
    replacedBy(definition, known, { name });
  }
  const first = name === undefined ? null : inputOfTake(caller, { name });
  const { memory = 'restore' } = request;
  const comesBack = memory === 'restore' && snapshot.memoryBytes !== null;
  const input = { snapshotId: snapshot.id, first, memory: comesBack ? 'restore' : 'leave' };
  const has = await keptHardware(coordinator, vm, snapshot.id);
  return await begin(
    coordinator,
    caller,
    vm,
    revertSnapshotKind,
    input,
    dryRun,
    definition,
    [],
    has,
  );
}

/** The vm with what it had at the snapshot; its host is asked only where a quota holds. */
async function keptHardware(
  { inventory, links }: Coordinator,
  { id, data }: Document<VmDocument>,
  snapshotId: string,
): Promise<VmDefinition> {
  if (quotasAbove(inventory, data.folderId).length === 0) return data.definition;
  const kept = await links.call(data.hostId, 'machine.snapshot.read', { id, snapshotId });
  const { hardware } = definitionFromAgent(inventory, data.hostId, kept.definition);
  return { ...data.definition, hardware };
}

export async function deleteSnapshot(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  reference: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm } = prepare(coordinator, id, 'delete-snapshot');
  const { id: snapshotId } = findSnapshot(coordinator.inventory, id, reference);
  return await begin(coordinator, caller, vm, deleteSnapshotKind, { snapshotId }, dryRun);
}

export async function changeSnapshot(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  reference: string,
  patch: SnapshotPatch,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const action: VmAction = 'rename';
  const { vm, definition } = prepare(coordinator, id, action);
  const { inventory } = coordinator;
  const snapshot = findSnapshot(inventory, id, reference);
  const { name = snapshot.name, description = snapshot.description } = patch;
  const others = listSnapshots(inventory, id).filter((one) => one.id !== snapshot.id);
  requireFreeName(others, name, definition.name);
  const before = { name: snapshot.name, description: snapshot.description };
  const input = { snapshotId: snapshot.id, name, description, before };
  return await begin(coordinator, caller, vm, changeSnapshotKind, input, dryRun);
}

function requireFreeName(known: readonly Snapshot[], name: string, vm: string): void {
  if (known.every((one) => one.name !== name)) return;
  throw new Fault('exists', `${vm} has a snapshot ${name} already`, {
    hint: 'choose another name',
  });
}

/** The oldest, where there are as many as may be and it shall give way (SNAP-05). Errors: `refused`. */
function replacedBy(
  { name, settings }: VmDefinition,
  known: readonly Snapshot[],
  { atLimit = 'refuse' }: SnapshotTake,
): Snapshot | undefined {
  const { limit } = settings.snapshots;
  if (limit === null || known.length < limit) return undefined;
  const [oldest] = known;
  if (atLimit === 'replace-oldest' && known.length === limit) return oldest;
  throw new Fault('refused', `${name} has ${known.length} snapshots and may have ${limit}`, {
    hint: 'delete one, raise settings.snapshots.limit, or replace the oldest with --replace-oldest',
  });
}

/** Errors: `refused` where the vm has as many as it may have. */
export function requireRoom(definition: VmDefinition, known: readonly Snapshot[]): void {
  replacedBy(definition, known, { name: '' });
}

export function newSnapshot(caller: Caller, request: SnapshotTake): Taken {
  const { name, description = '', exclude = [], memory = false, quiesce = false } = request;
  const { name: author } = caller.actor;
  return { id: randomUUID(), name, description, author, exclude, memory, quiesce };
}

function inputOfTake(caller: Caller, request: SnapshotTake): Readonly<Record<string, Json>> {
  return { snapshot: asJson(newSnapshot(caller, request)) };
}

export type Taken = Parameters<typeof takeOn>[1];

function takenBy(from: Readonly<Record<string, Json>>): Taken {
  return from['snapshot'] as unknown as Taken;
}

/** Answers its id: hosts without an agent have ids of their own. */
export async function takeOn(
  work: Work,
  snapshot: LinkParams<'machine.snapshot.take'>['snapshot'],
): Promise<string> {
  const { hostId, machine } = machineOf(work);
  const { report } = await work.coordinator.links.call(
    hostId,
    'machine.snapshot.take',
    { ...machine, snapshot },
    followed(work, memoryLimitMs),
  );
  const { id = snapshot.id } = report.snapshots.find(({ name }) => name === snapshot.name) ?? {};
  // On a hypervisor that others run its disks may be in other files now.
  await takeSeen(work);
  return id;
}

/** Its id is in what the operation has brought. */
export async function takeAndTell(work: Work, snapshot: Taken): Promise<void> {
  await work.conclude({ snapshotId: await takeOn(work, snapshot) });
}

/** Hosts without an agent have ids of their own; names are unique in a vm. */
export function idOfTaken(work: Work, { id, name }: Taken): string {
  const known = listSnapshots(work.coordinator.inventory, targetVm(work).id);
  return known.find((one) => one.name === name)?.id ?? id;
}

export async function deleteOn(work: Work, snapshotId: string): Promise<void> {
  const { hostId, machine } = machineOf(work);
  await work.coordinator.links.call(
    hostId,
    'machine.snapshot.delete',
    { ...machine, snapshotId },
    followed(work, mergeLimitMs),
  );
  await takeSeen(work);
}

export const takeSnapshotKind: Kind = {
  action: 'vm.snapshot.take',
  steps: [
    {
      name: 'take',
      run: (work) => takeAndTell(work, takenBy(work.input)),
      // The old one may be gone by then: one of the two stays.
      async undo(work) {
        if (work.memory['replacing'] !== true)
          await deleteOn(work, idOfTaken(work, takenBy(work.input)));
      },
    },
    {
      name: 'replace',
      way: 'stays',
      async run(work) {
        const { replaces } = work.input;
        if (typeof replaces !== 'string') return;
        await work.remember({ replacing: true });
        await deleteOn(work, replaces);
      },
    },
  ],
};

/** What is to be lost, kept before. */
const takeFirstStep: Step = {
  name: 'take-first',
  async run(work) {
    const { first } = work.input;
    if (first !== null) await takeAndTell(work, takenBy(first as Readonly<Record<string, Json>>));
  },
  async undo(work) {
    const { first } = work.input;
    if (first === null) return;
    await deleteOn(work, idOfTaken(work, takenBy(first as Readonly<Record<string, Json>>)));
  },
};

const revertStep: Step = {
  name: 'revert',
  way: 'stays',
  async run(work) {
    await work.remember({ reverting: true });
    const { hostId, machine } = machineOf(work);
    const { definition } = await work.coordinator.links.call(
      hostId,
      'machine.snapshot.revert',
      { ...machine, snapshotId: String(work.input['snapshotId']), memory: memoryOf(work) },
      followed(work, mergeLimitMs),
    );
    await work.remember({ definition: asJson(definition) });
  },
};

/** An address that another vm was given meanwhile is not taken back from it. */
const writeThenStep: Step = {
  name: 'write',
  way: 'stays',
  async run(work) {
    const { guestOs, resources, hardware } = vmDefinitionSchema.parse(work.memory['definition']);
    await changeDefinition(work, (now) => {
      const own = new Set(now.hardware.adapters.map(({ mac }) => mac));
      const taken = usedMacs(work.coordinator.inventory).difference(own);
      const adapters = hardware.adapters.map((adapter) =>
        taken.has(adapter.mac)
          ? { ...adapter, mac: giveMac(work.coordinator.inventory, taken) }
          : adapter,
      );
      return { ...now, guestOs, resources, hardware: { ...hardware, adapters } };
    });
  },
};

function memoryOf({ input }: Work): 'restore' | 'leave' {
  return input['memory'] === 'restore' ? 'restore' : 'leave';
}

/** Memory in which an address is known that is another vm's by now does not come back. */
const recallStep: Step = {
  name: 'recall',
  way: 'stays',
  async run(work) {
    if (memoryOf(work) === 'leave') return;
    const then = vmDefinitionSchema.parse(work.memory['definition']).hardware.adapters;
    const now = new Set(targetVm(work).data.definition.hardware.adapters.map(({ mac }) => mac));
    const lost = then.find(({ mac }) => !now.has(mac));
    if (lost !== undefined) {
      const why = `the memory was left: another vm has the address ${lost.mac} by now`;
      await work.conclude({ warnings: [why] });
      return;
    }
    const { hostId, machine } = machineOf(work);
    const { report } = await work.coordinator.links.call(
      hostId,
      'machine.snapshot.recall',
      { ...machine, snapshotId: String(work.input['snapshotId']) },
      { signal: work.signal },
    );
    await work.remember({ recalled: report.state === 'saved' });
  },
};

/** A step of a restore, where there is one. */
function ifRecalled({ name, run }: Step): Step {
  return {
    name,
    way: 'stays',
    async run(work) {
      if (work.memory['recalled'] === true) await run(work);
    },
  };
}

const goOnSteps = [checkStep('restore'), claimStep, actStep('restore')].map(ifRecalled);

export const revertSnapshotKind: Kind = {
  action: 'vm.snapshot.revert',
  steps: [takeFirstStep, revertStep, writeThenStep, pushStep, recallStep, ...goOnSteps],
};

export const deleteSnapshotKind: Kind = {
  action: 'vm.snapshot.delete',
  steps: [
    {
      name: 'delete',
      way: 'no-way-back',
      run: (work) => deleteOn(work, String(work.input['snapshotId'])),
    },
  ],
};

async function changeOn(work: Work, to: Json | undefined): Promise<void> {
  const { name, description } = to as { name: string; description: string };
  const { hostId, machine } = machineOf(work);
  await work.coordinator.links.call(hostId, 'machine.snapshot.change', {
    ...machine,
    snapshotId: String(work.input['snapshotId']),
    name,
    description,
  });
}

export const changeSnapshotKind: Kind = {
  action: 'vm.snapshot.change',
  steps: [
    {
      name: 'change',
      run: (work) => changeOn(work, work.input),
      undo: (work) => changeOn(work, work.input['before']),
    },
  ],
};

export const snapshotKinds: readonly Kind[] = [
  takeSnapshotKind,
  revertSnapshotKind,
  deleteSnapshotKind,
  changeSnapshotKind,
];
