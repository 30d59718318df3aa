/**
 * The steps of vm.create and vm.add. The name is reserved with the operation itself; files come first, the
 * vm is known once they are there, and it is started last. If any step fails nothing is left behind
 * (VM-02).
 */
import { Fault, isFault } from '#lib';
import { machineRecordSchema, useOf, type MachineRecord, type MachineReport } from '#api';
import type { StatusDocument, VmDocument } from '../../documents.ts';
import { chargeVm } from '../../operations/charge.ts';
import type { Commit, NewEvent, Write } from '../../store/store.ts';
import { commitFresh } from '../commit-fresh.ts';
import { ClaimIndex } from '../conflicts.ts';
import { asJson } from '../json.ts';
import { definitionForAgent, definitionFromAgent } from '../media.ts';
import { nameOwner, nameTaken, releaseName, reserveName } from '../names.ts';
import { environmentEvents } from '../network/environments.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import { causeOf, vmFrame } from './common-steps.ts';
import { layersStep } from './import-steps.ts';
import { creatorGrant, grantsGone } from './creator-grant.ts';
import type { AddInput, CreateInput } from './create-vm.ts';
import { actStep, checkStep, claimStep, identifyStep } from './power-steps.ts';
import { drivesOf } from './raw-devices.ts';
import { asSeen } from './tell-hypervisor.ts';

const makeLimitMs = 30 * 60_000;

function createInput(work: Work): CreateInput {
  return work.input as unknown as CreateInput;
}

const makeStep: Step = {
  name: 'make',
  async run(work) {
    const { definition, hostId, disks } = createInput(work);
    const { inventory, links } = work.coordinator;
    const { report } = await links.call(
      hostId,
      'machine.create',
      {
        id: definition.id,
        generation: 0,
        cause: causeOf(work),
        definition: definitionForAgent(inventory, hostId, definition),
        definitionVersion: 1,
        disks: [...disks],
      },
      followed(work, makeLimitMs),
    );
    await work.remember({ report: asJson(report) });
  },
  async undo(work) {
    const { definition, hostId } = createInput(work);
    await forgiveMissing(
      work.coordinator.links.call(hostId, 'machine.destroy', {
        id: definition.id,
        generation: work.coordinator.inventory.vm(definition.id)?.generation ?? maxGeneration(work),
        cause: causeOf(work),
        keep: keptFiles(createInput(work)),
      }),
    );
    await releaseOwnName(work, definition.id, definition.name);
  },
};

/** The vm's document is gone when its files go; the generation it had is remembered. */
function maxGeneration(work: Work): number {
  const { generation } = work.memory;
  return typeof generation === 'number' ? generation : 0;
}

/** Disks that were there before the vm stay. */
function keptFiles({ definition, disks }: CreateInput): string[] {
  const made = new Set(disks.map(({ file }) => file));
  return definition.hardware.disks.map(({ file }) => file).filter((file) => !made.has(file));
}

export async function forgiveMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isFault(error, 'not-found')) throw error;
  }
}

export async function releaseOwnName(work: Work, id: string, name: string): Promise<void> {
  if (nameOwner(work.coordinator.inventory, 'vm', name) === id)
    await work.coordinator.commit({ writes: [releaseName('vm', name)] });
}

const registerNew = (how: 'created' | 'imported'): Step => ({
  name: 'register',
  async run(work) {
    const { definition: wanted, hostId, folderId, warnings, creator, disks } = createInput(work);
    const definition = await asSeen(work, hostId, wanted);
    const report = work.memory['report'] as unknown as MachineReport;
    const vm: VmDocument = {
      definition,
      hostId,
      folderId,
      path: report.path,
      revision: 1,
      generation: report.generation,
      // A disk that was there before may have a guest.
      ...(how === 'created' && disks.length === wanted.hardware.disks.length
        ? { guest: 'fresh' }
        : {}),
    };
    await register(work, vm, report, how, creator);
    work.pusher.note(definition.id, 1);
    await work.conclude({ vm: definition.id, ...(warnings.length > 0 ? { warnings } : {}) });
  },
  undo: (work) => unregister(work, createInput(work).definition.id),
});

/** Makes the vm known; a vm that is known already stays as it is. Errors: `blocked` by quotas of its folder. */
export async function register(
  work: Work,
  vm: VmDocument,
  report: MachineReport,
  how: 'created' | 'added' | 'cloned' | 'imported',
  creator: string | null,
  more: Commit = {},
): Promise<void> {
  const { inventory } = work.coordinator;
  const { id, name } = vm.definition;
  await commitFresh(work.coordinator, () => {
    if (inventory.document('vm', id) !== undefined) return undefined;
    // Of one whose operation was judged when it began there is nothing more to take.
    const use = useOf(vm.definition);
    const taken = chargeVm(inventory, { vm: id, folderId: vm.folderId, use }, name);
    const frame = vmFrame(work, vm);
    const events: NewEvent[] = [{ ...frame, name: 'vm.created', attributes: { how } }];
    events.push(...environmentEvents(inventory, frame, vm.definition));
    const conflict = new ClaimIndex(inventory).conflict(vm.definition);
    if (conflict !== undefined)
      events.push({ ...frame, name: 'vm.conflict', attributes: conflict });
    const granted = creatorGrant(work, vm, creator);
    return {
      conditions: [
        { kind: 'vm', id, absent: true },
        ...(more.conditions ?? []),
        ...(granted.conditions ?? []),
        ...taken.conditions,
      ],
      writes: [
        ...taken.writes,
        { kind: 'vm', id, data: vm },
        { kind: 'status', id, data: { report } satisfies StatusDocument },
        ...(more.writes ?? []),
        ...(granted.writes ?? []),
      ],
      events: [...events, ...(more.events ?? []), ...(granted.events ?? [])],
    };
  });
}

/** Takes a vm that an operation has made known out again. */
export async function unregister(work: Work, id: string): Promise<void> {
  const { inventory } = work.coordinator;
  await commitFresh(work.coordinator, () => {
    const vm = inventory.document<VmDocument>('vm', id);
    if (vm === undefined) return undefined;
    const writes: Write[] = [
      { kind: 'vm', id, delete: true },
      { kind: 'status', id, delete: true },
      ...grantsGone(inventory, id),
    ];
    return {
      conditions: [{ kind: 'vm', id, version: vm.version }],
      writes,
      events: [
        {
          ...vmFrame(work, vm.data),
          name: 'vm.deleted',
          attributes: { how: 'deleted', filesRemain: false },
        },
      ],
    };
  });
  work.pusher.forget(id);
}

/** A step of the start that follows the creation where it was asked for. */
function ifStarted(step: Step): Step {
  const { undo, way } = step;
  return {
    name: step.name,
    // What stays with a vm goes with it: its creation is undone.
    ...(way === undefined || way === 'stays' ? {} : { way }),
    run: async (work) => {
      if (createInput(work).start) await step.run(work);
    },
    ...(undo === undefined
      ? {}
      : {
          undo: async (work: Work) => {
            if (createInput(work).start) await undo(work);
          },
        }),
  };
}

const startSteps: readonly Step[] = [
  ifStarted(checkStep('turn-on')),
  ifStarted(identifyStep),
  ifStarted(claimStep),
  ifStarted(actStep('turn-on')),
];

export const createKind: Kind = {
  action: 'vm.create',
  steps: [makeStep, registerNew('created'), ...startSteps],
};

/** As a creation, whose disks, and snapshots, are made from those of another product. */
export const importKind: Kind = {
  action: 'vm.import',
  steps: [makeStep, layersStep, registerNew('imported'), ...startSteps],
};

function addInput(work: Work): AddInput {
  return work.input as unknown as AddInput;
}

function adopted(work: Work): MachineRecord | undefined {
  const record = work.memory['record'];
  return record === undefined ? undefined : machineRecordSchema.parse(record);
}

const adoptStep: Step = {
  name: 'adopt',
  async run(work) {
    const { hostId, file } = addInput(work);
    const { record } = await work.coordinator.links.call(hostId, 'machine.adopt', {
      file,
      cause: causeOf(work),
    });
    await work.remember({ record: asJson(record) });
  },
  async undo(work) {
    const record = adopted(work);
    // A vm that was known before is not ours to forget.
    if (record === undefined || work.memory['known'] === true) return;
    await forgiveMissing(
      work.coordinator.links.call(addInput(work).hostId, 'machine.forget', {
        id: record.definition.id,
        generation: record.report.generation,
        cause: causeOf(work),
      }),
    );
  },
};

const registerAdopted: Step = {
  name: 'register',
  async run(work) {
    const { hostId, folderId, creator, mayGiveDrives } = addInput(work);
    const record = adopted(work);
    if (record === undefined) return;
    const { inventory } = work.coordinator;
    const definition = definitionFromAgent(inventory, hostId, record.definition);
    if (!mayGiveDrives && drivesOf(definition).length > 0)
      throw new Fault('forbidden', `${definition.name} has a drive or a port of the host`, {
        facts: { verb: 'host.drives' },
        hint: 'ask somebody who may give vms drives of that host',
      });
    const { id, name } = definition;
    const known = inventory.document<VmDocument>('vm', id)?.data;
    if (known !== undefined && work.memory['registered'] !== id) {
      await work.remember({ known: true });
      if (known.hostId !== hostId) throw nameTaken('vm', name);
    }
    const owner = nameOwner(inventory, 'vm', name);
    if (owner !== undefined && owner !== id) throw nameTaken('vm', name);
    await work.remember({ registered: id });
    const vm: VmDocument = {
      definition,
      hostId,
      folderId,
      path: record.report.path,
      revision: Math.max(1, record.definitionVersion),
      generation: record.report.generation,
    };
    const named = owner === undefined ? reserveName('vm', name, id) : {};
    await register(work, vm, record.report, 'added', creator, named);
    await work.pusher.pushOrLater(id, causeOf(work), work.signal);
    await work.conclude({ vm: id });
  },
  async undo(work) {
    const record = adopted(work);
    if (record === undefined || work.memory['registered'] !== record.definition.id) return;
    if (work.memory['known'] === true) return;
    await unregister(work, record.definition.id);
    await releaseOwnName(work, record.definition.id, record.definition.name);
  },
};

export const addKind: Kind = { action: 'vm.add', steps: [adoptStep, registerAdopted] };
