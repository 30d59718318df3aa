/** Folders of the host that a guest can use (GA-28). Whether the host may share a folder is the agent's to judge. */
import { Fault } from '#lib';
import {
  maxSharedFolders,
  sharedFolderSchema,
  type DryRun,
  type Operation,
  type SharedFolder,
  type SharedFolderAdd,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import { parseDefinition } from '../check-definition.ts';
import { asJson } from '../json.ts';
import type { Kind, Step, Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { causeOf, changeDefinition } from './common-steps.ts';
import { begin, machineOf, prepare, withHardware } from './device-change.ts';

function withShare(definition: VmDefinition, share: SharedFolder): VmDefinition {
  const others = definition.hardware.sharedFolders.filter(({ slot }) => slot !== share.slot);
  return withHardware(definition, {
    sharedFolders: [...others, share].sort((one, other) => one.slot - other.slot),
  });
}

function withoutShare(definition: VmDefinition, share: SharedFolder): VmDefinition {
  return withHardware(definition, {
    sharedFolders: definition.hardware.sharedFolders.filter(({ name }) => name !== share.name),
  });
}

export async function addShare(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: SharedFolderAdd,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  const { name, hardware } = definition;
  if (hardware.sharedFolders.some((one) => one.name === request.name))
    throw new Fault('exists', `${name} has a shared folder ${request.name} already`, {
      hint: 'choose another name, or remove that one first',
    });
  const taken = new Set(hardware.sharedFolders.map(({ slot }) => slot));
  const slot = Array.from({ length: maxSharedFolders }, (_, at) => at).find((at) => !taken.has(at));
  if (slot === undefined)
    throw new Fault('exhausted', `${name} has ${maxSharedFolders} shared folders already`, {
      hint: 'remove one first, or share a folder that has several in it',
    });
  const share = sharedFolderSchema.parse({ ...request, slot });
  parseDefinition(withShare(definition, share), name, definition);
  const input = { share: asJson(share) };
  return await begin(coordinator, caller, vm, addShareKind, input, dryRun);
}

export async function removeShare(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  name: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  const share = definition.hardware.sharedFolders.find((one) => one.name === name);
  if (share === undefined)
    throw new Fault('not-found', `${definition.name} has no shared folder ${name}`);
  const input = { share: asJson(share) };
  return await begin(coordinator, caller, vm, removeShareKind, input, dryRun);
}

function shareOf(work: Work): SharedFolder {
  return sharedFolderSchema.parse(work.input['share']);
}

async function callShare(
  work: Work,
  method: 'machine.share.add' | 'machine.share.remove',
): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { live } = await work.coordinator.links.call(
    hostId,
    method,
    { ...machine, share: shareOf(work) },
    { signal: work.signal },
  );
  await work.conclude({ live });
}

const writeShare = (how: 'add' | 'remove'): Step => ({
  name: 'write',
  run: async (work) => {
    const change = how === 'add' ? withShare : withoutShare;
    await changeDefinition(work, (definition) => change(definition, shareOf(work)));
  },
  undo: async (work) => {
    const change = how === 'add' ? withoutShare : withShare;
    await changeDefinition(work, (definition) => change(definition, shareOf(work)));
    await work.pusher.pushOrLater(work.target.id, causeOf(work));
  },
});

export const addShareKind: Kind = {
  action: 'vm.share.add',
  steps: [
    {
      name: 'share',
      run: (work) => callShare(work, 'machine.share.add'),
      undo: (work) => callShare(work, 'machine.share.remove'),
    },
    writeShare('add'),
    pushStep,
  ],
};

export const removeShareKind: Kind = {
  action: 'vm.share.remove',
  steps: [
    {
      name: 'unshare',
      run: (work) => callShare(work, 'machine.share.remove'),
      undo: (work) => callShare(work, 'machine.share.add'),
    },
    writeShare('remove'),
    pushStep,
  ],
};
