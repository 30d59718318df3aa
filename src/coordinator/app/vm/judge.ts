/** What may be done with a vm now, by the table in src/api/vm/actions.ts and by the caller's rights. */
import { Fault } from '#lib';
import {
  describeAct,
  judgeAction,
  linkedPlace,
  sharedPlace,
  vmActionFacts,
  vmActions,
  type AllowedAction,
  type Judged,
  type Vm,
  type VmAction,
} from '#api';
import type { Caller } from '../../context.ts';
import type { HostDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';

/** What the judge needs to know of the vm as it is shown now. */
export function judged(inventory: Inventory, vm: Vm): Judged {
  const status = inventory.host(vm.hostId)?.status;
  const host = inventory.document<HostDocument>('host', vm.hostId)?.data;
  const lent = inventory.document<VmDocument>('vm', vm.id)?.data.lent;
  return {
    name: vm.name,
    state: vm.state,
    held: vm.status.held,
    additions: vm.status.additions.state,
    undo: vm.status.undo === null ? 'none' : 'there',
    missing: host?.facts?.missing ?? {},
    hostReachable:
      status !== undefined && status !== 'unreachable' && status !== 'agent-not-running',
    guestRequests: host?.facts?.guestRequests,
    consolesOff: consolesOff(vm, host),
    linkedDisk: linkedPlace(vm.definition.hardware),
    template: vm.template,
    sharedDisk: sharedPlace(vm.definition.hardware),
    adopted: lent !== undefined,
    unsettled: lent?.unsettled !== undefined,
  };
}

function consolesOff(vm: Vm, host: HostDocument | undefined): 'vm' | 'host' | undefined {
  if (!vm.definition.settings.console.enabled) return 'vm';
  return host?.settings.consoles === false ? 'host' : undefined;
}

/**
 * Answers why nothing is to be done when it is so already, undefined when the action is to be taken.
 * Errors: `unsupported` when the driver cannot, `unavailable` when the host is away, `refused` with the
 * reason and the present state.
 */
export function requireAction(inventory: Inventory, vm: Vm, action: VmAction): string | undefined {
  const facts = judged(inventory, vm);
  const judgement = judgeAction(action, facts);
  if (judgement.answer === 'take') return undefined;
  if (judgement.answer === 'ignore') return judgement.why;
  const code = isUnsupported(action, facts)
    ? 'unsupported'
    : facts.hostReachable
      ? 'refused'
      : 'unavailable';
  throw new Fault(code, `cannot ${describeAct(action, vm.name)}: ${judgement.why}`, {
    facts: { vm: vm.name, action, state: vm.state },
    hint: judgement.hint,
  });
}

/** Whether the driver of its host cannot do it, whatever the state; or there is nobody to give it back to. */
function isUnsupported(action: VmAction, { missing, adopted }: Judged): boolean {
  if (action === 'give-back') return adopted !== true;
  const { ability } = vmActionFacts(action);
  return ability !== undefined && missing[ability] !== undefined;
}

/** Every action with the answer for this caller (VM-48, VM-54). */
export function listActions(
  inventory: Inventory,
  caller: Caller,
  vm: Vm,
): { readonly actions: AllowedAction[] } {
  const facts = judged(inventory, vm);
  return {
    actions: (Object.keys(vmActions) as VmAction[]).map((action) => {
      const { right, confirm } = vmActionFacts(action);
      const judgement = judgeAction(action, facts);
      const asked = {
        ...(confirm === undefined ? {} : { confirm }),
        ...(isUnsupported(action, facts) ? ({ unsupported: true } as const) : {}),
      };
      if (!caller.may(right, { kind: 'vm', id: vm.id }))
        return { action, allowed: false, reason: `you lack the right ${right}`, ...asked };
      if (judgement.answer === 'take') return { action, allowed: true, ...asked };
      const hint =
        judgement.answer === 'refuse' && judgement.hint !== undefined
          ? { hint: judgement.hint }
          : {};
      return { action, allowed: false, reason: judgement.why, ...hint, ...asked };
    }),
  };
}
