/**
 * The steps by which a vm that others run becomes one of an agent of the same computer, and goes back (docs/rfd/0034). At no time both
 * know it: who it is given to is told of it when the other one knows it no more.
 *
 *   adopt      give     its hypervisor knows it no more         undone: it is known there as before
 *              make     the agent knows it, with UEFI           undone: it does not, and its disks are whose they were
 *                       variables and TPM as they were there
 *              switch   its document names the agent's host     undone: it names the hypervisor's
 *
 *   give back  forget   its hypervisor has UEFI variables and   undone: it knows it again, with those
 *                       TPM as they are; the agent knows it no more
 *              take     its disks are whose they were, and its  undone: it does not
 *                       hypervisor knows it
 *              switch   its document names the hypervisor's host
 */
import { posix } from 'node:path';
import {
  diffSettings,
  hardwareSchema,
  vmDefinitionSchema,
  type Hardware,
  type KeptContent,
  type VmDefinition,
} from '#api';
import { isFault, isoTime } from '#lib';
import type { LentDocument, VmDocument } from '../../documents.ts';
import { commitFresh } from '../commit-fresh.ts';
import { definitionForAgent } from '../media.ts';
import { settingEvents } from '../setting-events.ts';
import type { Kind, Step, Work } from '../work.ts';
import { causeOf, targetVm, vmFrame } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { withHardware } from './device-change.ts';
import { patiently, type Away } from './handover-patience.ts';
import { takeSeen } from './tell-hypervisor.ts';

export const adoptAction = 'vm.adopt';
export const giveBackAction = 'vm.give-back';

/** Of both: who has it before and after, and how it is known at its hypervisor. */
export interface HandoverInput {
  readonly fromHost: string;
  readonly toHost: string;
  /** Names of the hosts. */
  readonly from: string;
  readonly to: string;
  readonly lent: LentDocument;
  /** As it is before, and after. */
  readonly before: VmDefinition;
  readonly after: VmDefinition;
  readonly path: string;
  /** Its hardware at its hypervisor, in the words for that. */
  readonly there: Hardware;
  /** In words. */
  readonly warnings: readonly string[];
}

function inputOf(work: Work): HandoverInput {
  const input = work.input as unknown as HandoverInput;
  const { lent, before, after, there } = input;
  const [theirs, ours] = [hardwareSchema.parse(lent.theirs), hardwareSchema.parse(lent.ours)];
  return {
    ...input,
    lent: { ...lent, theirs, ours },
    before: vmDefinitionSchema.parse(before),
    after: vmDefinitionSchema.parse(after),
    there: hardwareSchema.parse(there),
  };
}

export function sealedFor(id: string): string {
  return `definition of vm ${id}`;
}

/** The generation grows with the document's switch: whoever still has an older one must not start it. */
function machineOf(work: Work) {
  const { generation } = targetVm(work).data;
  return { id: work.target.id, generation, cause: causeOf(work) };
}

async function give(work: Work, hostId: string, xml: string | null): Promise<void> {
  const { uuid } = inputOf(work).lent;
  const { links } = work.coordinator;
  const params = { ...machineOf(work), uuid, xml };
  await links.call(hostId, 'machine.handover.give', params, { signal: work.signal });
}

/** `wanted`: its hardware as it is to be there. `kept`: shares, and what other programs keep with it, are as they were there, or as they are now. */
async function take(
  work: Work,
  hostId: string,
  wanted: Hardware,
  { settings: { onGuestReboot }, resources, extensions }: VmDefinition,
  kept: 'as-it-was' | 'as-it-is',
): Promise<void> {
  const { links } = work.coordinator;
  const { uuid, xml, theirs, startsWithHost, bringsKept } = inputOf(work).lent;
  const params = {
    id: work.target.id,
    uuid,
    xml: readSealed(work, xml),
    base: theirs,
    wanted,
    onGuestReboot,
    ...(bringsKept && kept === 'as-it-is' ? { resources, extensions } : {}),
    startsWithHost,
  };
  await links.call(hostId, 'machine.handover.take', params, { signal: work.signal });
}

function readSealed(work: Work, xml: string): string {
  return work.coordinator.sealer.unseal(xml, sealedFor(work.target.id)).toString();
}

/**
 * The agent knows it, and makes none of its disks. What belongs to it beside them is as its hypervisor has it, where it is the newest
 * whenever no agent has the vm.
 */
async function make(work: Work, hostId: string, definition: VmDefinition): Promise<string> {
  const { inventory, links } = work.coordinator;
  const { lent } = inputOf(work);
  // One that it has already it has with all of it, and what its hypervisor has may be half written.
  const kept = (await knows(work, hostId)) ? null : await fetchKept(work, lent.hostId);
  const { report } = await links.call(
    hostId,
    'machine.create',
    {
      ...machineOf(work),
      definition: definitionForAgent(inventory, hostId, definition),
      definitionVersion: targetVm(work).data.revision + 1,
      disks: [],
      ...(kept === null ? {} : { kept: [...kept] }),
    },
    { signal: work.signal },
  );
  return report.path;
}

async function knows(work: Work, hostId: string): Promise<boolean> {
  const { links } = work.coordinator;
  try {
    await links.call(hostId, 'machine.look', { id: work.target.id }, { signal: work.signal });
    return true;
  } catch (error) {
    if (isFault(error, 'not-found')) return false;
    throw error;
  }
}

/** What belongs to the vm beside its disks; null where there is nothing, or the host does not know it. */
async function fetchKept(work: Work, hostId: string): Promise<readonly KeptContent[] | null> {
  const { kept = [] } = inputOf(work).lent;
  if (kept.length === 0) return null;
  const params = { ...machineOf(work), kept: [...kept] };
  const { signal } = work;
  const { links } = work.coordinator;
  return (await links.call(hostId, 'machine.handover.fetch', params, { signal })).contents;
}

/**
 * The agent knows it no more, and its disks are whose they were. First its hypervisor's files hold what the agent has beside the disks:
 * nothing of it is ever with the agent alone when that forgets.
 */
async function forget(work: Work, hostId: string, definition: VmDefinition): Promise<void> {
  const { links } = work.coordinator;
  const { lent } = inputOf(work);
  const contents = await fetchKept(work, hostId);
  if (contents !== null && contents.length > 0) {
    const { id } = work.target;
    const { uuid, kept = [] } = lent;
    const params = { id, uuid, kept: [...kept], contents: [...contents] };
    await links.call(lent.hostId, 'machine.handover.put', params, { signal: work.signal });
  }
  const keep = definition.hardware.disks.map(({ file }) => file);
  const params = { ...machineOf(work), keep };
  await forgiveMissing(links.call(hostId, 'machine.destroy', params, { signal: work.signal }));
  const kept = new Set(keep);
  const owners = lent.owners.filter(({ file }) => kept.has(file));
  await links.call(hostId, 'machine.handover.own', { owners }, { signal: work.signal });
}

/** One commit: the vm is of this host. */
async function nameHost(
  work: Work,
  hostId: string,
  as: Pick<VmDocument, 'definition' | 'path'>,
  lent: LentDocument | undefined,
  told: 'vm.adopted' | 'vm.given-back' | undefined,
): Promise<void> {
  const { from, to } = inputOf(work);
  await commitFresh(work.coordinator, () => {
    const vm = targetVm(work);
    if (vm.data.hostId === hostId && vm.data.lent?.unsettled === lent?.unsettled) return undefined;
    const { lent: _lent, ...data } = vm.data;
    const after: VmDocument = {
      ...data,
      ...as,
      hostId,
      revision: data.revision + 1,
      generation: data.generation + 1,
      ...(lent === undefined ? {} : { lent }),
    };
    const frame = vmFrame(work, after);
    return {
      conditions: [{ kind: 'vm', id: vm.id, version: vm.version }],
      writes: [{ kind: 'vm', id: vm.id, data: after }],
      events: [
        ...settingEvents(
          'vm.setting.changed',
          frame,
          diffSettings(data.definition, after.definition),
        ),
        ...(told === undefined ? [] : [{ ...frame, name: told, attributes: { from, to } }]),
      ],
    };
  });
}

async function conclude(work: Work): Promise<void> {
  const { to, warnings } = inputOf(work);
  await work.conclude({ host: to, ...(warnings.length > 0 ? { warnings: [...warnings] } : {}) });
}

/** Whose answer an undo waits for, and what becomes of the vm where that does not come. */
function away(work: Work, step: 'give' | 'make' | 'forget' | 'take', host: string): Away {
  const { fromHost, toHost, before, after, lent, path } = inputOf(work);
  const { name } = before;
  const isAdopting = step === 'give' || step === 'make';
  const ours = { definition: isAdopting ? after : before, path };
  return {
    step,
    host,
    name,
    leave: async () => {
      if (targetVm(work).data.lent?.unsettled !== undefined) return;
      const unsettled = isoTime(work.coordinator.clock.now());
      const agent = isAdopting ? toHost : fromHost;
      await nameHost(work, agent, ours, { ...lent, unsettled }, undefined);
    },
    settle: async () => {
      const as = { definition: before, path };
      await nameHost(work, fromHost, as, isAdopting ? undefined : lent, undefined);
    },
  };
}

const giveStep: Step = {
  name: 'give',
  run: async (work) => {
    const { fromHost, lent } = inputOf(work);
    await give(work, fromHost, readSealed(work, lent.xml));
  },
  undo: async (work) => {
    const { fromHost, from, lent, before } = inputOf(work);
    await patiently(work, away(work, 'give', from), () =>
      take(work, fromHost, lent.theirs, before, 'as-it-was'),
    );
  },
};

const makeStep: Step = {
  name: 'make',
  run: async (work) => {
    const { toHost, after } = inputOf(work);
    await work.remember({ path: await make(work, toHost, after) });
  },
  undo: async (work) => {
    const { toHost, to, after } = inputOf(work);
    await patiently(work, away(work, 'make', to), () => forget(work, toHost, after));
  },
};

const switchToAgent: Step = {
  name: 'switch',
  async run(work) {
    const { toHost, after, lent } = inputOf(work);
    const path = String(work.memory['path']);
    await nameHost(work, toHost, { definition: after, path }, lent, 'vm.adopted');
    await tellAgent(work, toHost);
    await conclude(work);
  },
  async undo(work) {
    const { fromHost, before, path } = inputOf(work);
    await nameHost(work, fromHost, { definition: before, path }, undefined, undefined);
  },
};

/** The agent's definition is the document's; what it reports of the vm counts from now on. */
async function tellAgent(work: Work, hostId: string): Promise<void> {
  const { inventory, links } = work.coordinator;
  const { definition, revision } = targetVm(work).data;
  const params = {
    ...machineOf(work),
    definition: definitionForAgent(inventory, hostId, definition),
    definitionVersion: revision,
  };
  await links.call(hostId, 'machine.configure', params, { signal: work.signal });
  work.pusher.note(work.target.id, revision);
}

const forgetStep: Step = {
  name: 'forget',
  run: async (work) => {
    const { fromHost, before } = inputOf(work);
    await forget(work, fromHost, before);
  },
  undo: async (work) => {
    const { fromHost, from, before } = inputOf(work);
    await patiently(work, away(work, 'forget', from), async () => {
      await namePath(work, await make(work, fromHost, before));
      await tellAgent(work, fromHost);
    });
  },
};

/** A folder that is made again may have another name. */
async function namePath(work: Work, path: string): Promise<void> {
  await commitFresh(work.coordinator, () => {
    const vm = targetVm(work);
    if (vm.data.path === path) return undefined;
    return {
      conditions: [{ kind: 'vm', id: vm.id, version: vm.version }],
      writes: [{ kind: 'vm', id: vm.id, data: { ...vm.data, path } }],
      events: [],
    };
  });
}

const takeStep: Step = {
  name: 'take',
  run: async (work) => {
    const { toHost, there, after } = inputOf(work);
    await take(work, toHost, there, after, 'as-it-is');
  },
  undo: async (work) => {
    const { toHost, to } = inputOf(work);
    await patiently(work, away(work, 'take', to), () => give(work, toHost, null));
  },
};

const switchToHypervisor: Step = {
  name: 'switch',
  async run(work) {
    const { toHost, after } = inputOf(work);
    const as = { definition: withHardware(after, inputOf(work).there), path: '' };
    await nameHost(work, toHost, as, undefined, 'vm.given-back');
    await endHandover(work, toHost);
    await takeSeen(work);
    work.pusher.forget(work.target.id);
    await conclude(work);
  },
  async undo(work) {
    const { fromHost, before, path, lent } = inputOf(work);
    await nameHost(work, fromHost, { definition: before, path }, lent, undefined);
  },
};

/** How it is there now. */
async function endHandover(work: Work, hostId: string): Promise<void> {
  const { id } = work.target;
  const { signal } = work;
  await work.coordinator.links.call(hostId, 'machine.handover.end', { id }, { signal });
}

export const adoptKind: Kind = { action: adoptAction, steps: [giveStep, makeStep, switchToAgent] };
export const giveBackKind: Kind = {
  action: giveBackAction,
  steps: [forgetStep, takeStep, switchToHypervisor],
};

/** Files of disks as they are named from outside of the vm's folder. */
export function fullPaths({ hardware: { disks } }: VmDefinition, folder: string): string[] {
  return disks.map(({ file }) => posix.resolve(folder, file));
}
