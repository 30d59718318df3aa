/** Power operations by any of their words (VM-40, VM-44, VM-45), and the questions around them. */
import { Fault } from '#lib';
import {
  actionOfWord,
  definitionFormat,
  describeAct,
  vmActionFacts,
  type DryRun,
  type EffectiveHardware,
  type Operation,
  type PowerAction,
  type StartCheck,
  type Vm,
  type VmActionRequest,
  type VmFile,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import { requireVerb, shown, vmDocument } from '../find.ts';
import { asJson } from '../json.ts';
import { vmThing } from '../things.ts';
import { stepNames } from '../work.ts';
import { checkStart, type StartAction } from './check-start.ts';
import { requireAction } from './judge.ts';
import { powerKind } from './power-steps.ts';
import { requireUndoDisks } from './undo-choice.ts';

/** What a word means for the vm as it is now. Errors: `invalid` for a word that is none. */
export function actionFor(vm: Vm, word: string): PowerAction {
  const { onHostStop } = vm.definition.settings.shutdown;
  const additions = vm.status.additions.state;
  const action = actionOfWord(word, { state: vm.state, additions, onHostStop });
  if (action === undefined)
    throw new Fault('invalid', `${word} is not something to do with a vm`, {
      hint: 'see what may be done with: gantry vm actions',
    });
  return action;
}

/** Submits the operation. Asking for what is so already ends well at once (`ignored` in the result). */
export async function actOnVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  word: string,
  request: VmActionRequest,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const vm = shown('vm', id, inventory.vm(id));
  const action = actionFor(vm, word);
  requireVerb(caller, vmActionFacts(action).right, { kind: 'vm', id }, vm.name);
  const ignored = requireAction(inventory, vm, action);
  requireUndoDisks(vm, request);
  const kind = powerKind(action);
  const target = vmThing(id, vmDocument(inventory, id).data);
  if (dryRun) {
    const check =
      ignored === undefined && isStart(action)
        ? await checkStart(coordinator, vmDocument(inventory, id), action, request)
        : undefined;
    if (check?.ok === false)
      throw new Fault(
        'blocked',
        `cannot ${describeAct(action, vm.name)}: ${check.reasons
          .map(({ text }) => text)
          .join('; ')}`,
        { reasons: check.reasons },
      );
    return {
      dryRun: true,
      action: kind.action,
      target,
      steps: ignored === undefined ? stepNames(kind) : [],
      changes: [],
      warnings: [
        ...(ignored === undefined ? [] : [{ code: 'ignored', text: ignored }]),
        ...(check?.warnings ?? []),
      ],
    };
  }
  return await coordinator.operations.submit(caller, {
    action: kind.action,
    target,
    input: { request: asJson(request), ...(ignored === undefined ? {} : { ignored }) },
  });
}

function isStart(action: PowerAction): action is StartAction {
  return ['turn-on', 'hold', 'restore', 'restart'].includes(action);
}

/** The start check by itself (VM-64): of a restore where the vm is saved. */
export async function checkVm(
  coordinator: Coordinator,
  id: string,
  request: VmActionRequest,
): Promise<StartCheck> {
  const { inventory } = coordinator;
  const vm = shown('vm', id, inventory.vm(id));
  const action = vm.state === 'saved' ? 'restore' : 'turn-on';
  return await checkStart(coordinator, vmDocument(inventory, id), action, request);
}

export async function showHardware(
  coordinator: Coordinator,
  id: string,
): Promise<EffectiveHardware> {
  const { hostId } = vmDocument(coordinator.inventory, id).data;
  return await coordinator.links.call(hostId, 'machine.hardware', { id });
}

/** The definition as the file that lies beside the disks (VM-04). */
export function exportVm({ inventory }: Coordinator, id: string): VmFile {
  return {
    gantry: 'vm',
    format: definitionFormat,
    definition: vmDocument(inventory, id).data.definition,
  };
}
