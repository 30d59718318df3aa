/**
 * One operation for many vms that somebody selected: each vm on which the action is possible and allowed
 * gets an operation of its own (bulk.ts); the result and the dry run name the others with the reason.
 */
import { present } from '#lib';
import {
  powerActions,
  vmActionFacts,
  type DryRun,
  type Operation,
  type PowerAction,
  type VmBulk,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { Json } from '../../store/store.ts';
import { actStep, planBulk, type Chosen } from '../bulk.ts';
import { findVm } from '../find.ts';
import { settleHosts } from '../settle-hosts.ts';
import { installationThing } from '../things.ts';
import type { Kind, Step } from '../work.ts';
import { requireAction } from './judge.ts';

/** Errors: `not-found` naming a vm that is missing or may not be seen. */
export async function bulkOnVms(
  coordinator: Coordinator,
  caller: Caller,
  { action, vms }: VmBulk,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const ids = vms.map((vm) => findVm(coordinator.inventory, caller, vm).id);
  const kind = kindOf(action);
  const { right } = vmActionFacts(action);
  const denied = ids.filter((id) => !caller.may(right, { kind: 'vm', id }));
  if (dryRun)
    return planBulk(kind, installationThing, action, choose(coordinator, action, { ids, denied }));
  return await coordinator.operations.submit(caller, {
    action: kind.action,
    target: installationThing,
    input: { ids, denied },
  });
}

/** The selected vms, and those of them that the caller had no right to act on when it was asked for. */
interface Selected {
  readonly ids: readonly string[];
  readonly denied: readonly string[];
}

function choose(
  { inventory }: Pick<Coordinator, 'inventory'>,
  action: PowerAction,
  { ids, denied }: Selected,
): Chosen {
  const { right } = vmActionFacts(action);
  const fitting: { id: string; name: string }[] = [];
  const skipped: { id: string; name: string; why: string }[] = [];
  for (const id of new Set(ids)) {
    const vm = inventory.vm(id);
    if (vm === undefined) {
      skipped.push({ id, name: id, why: 'it is gone' });
      continue;
    }
    const { name } = vm;
    if (denied.includes(id)) {
      skipped.push({ id, name, why: `you lack the right ${right}` });
      continue;
    }
    try {
      const ignored = requireAction(inventory, vm, action);
      if (ignored === undefined) fitting.push({ id, name });
      else skipped.push({ id, name, why: ignored });
    } catch (error) {
      skipped.push({ id, name, why: error instanceof Error ? error.message : 'it cannot be' });
    }
  }
  return { fitting, skipped };
}

/** The vms are chosen once, so that a repeated run acts on the same ones. */
function chooseStep(action: PowerAction): Step {
  return {
    name: 'choose',
    async run(work) {
      if (work.memory['chosen'] !== undefined) return;
      const selected = work.input as unknown as Selected;
      await settleHosts(work, selected.ids);
      const chosen = choose(work.coordinator, action, selected);
      await work.remember({ chosen: chosen as unknown as Json });
    },
  };
}

export const bulkVmKinds: readonly Kind[] = powerActions.map((action) => ({
  action: `vms.${action}`,
  steps: [chooseStep(action), actStep(action)],
}));

function kindOf(action: PowerAction): Kind {
  return present(
    bulkVmKinds.find((one) => one.action === `vms.${action}`),
    `the operation for ${action} of many vms`,
  );
}
