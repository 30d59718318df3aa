/**
 * What is told when an operation about a vm has failed: `vm.task-failed` for every power operation (VM-82,
 * EVT-41) and every move to another host (EVT-42), which is told with both hosts, too, and that it could not be started where it was not even tried (VM-84); the agent tells of starts
 * that it has tried. Cancelled is not failed.
 */
import type { FaultData } from '#lib';
import { powerActions, vmActionFacts } from '#api';
import type { OperationDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { NewEvent } from '../../store/store.ts';
import { ancestorsOfPlace, vmThing } from '../things.ts';
import { passageAction } from './passage-input.ts';

const maxReasonLength = 1000;

export function failureEvents(
  inventory: Inventory,
  operation: OperationDocument,
  fault: FaultData,
): readonly NewEvent[] {
  const action = powerActions.find((one) => operation.action === `vm.${one}`);
  const migrates = operation.action === 'vm.migrate' || operation.action === passageAction;
  const vm = inventory.document<VmDocument>('vm', operation.target.id);
  if (vm === undefined || fault.code === 'cancelled') return [];
  if (action === undefined && !migrates) return [];
  const frame = {
    target: vmThing(vm.id, vm.data),
    ancestors: ancestorsOfPlace(inventory, vm.data),
    actor: operation.actor,
    origin: operation.origin,
    correlationId: operation.correlationId,
  };
  const attributes = {
    operation: action === undefined ? 'Move to another host' : vmActionFacts(action).label,
    reason: fault.message.slice(0, maxReasonLength),
    state: inventory.vm(vm.id)?.state ?? 'unknown',
  };
  const failedAt = operation.steps.find(({ state }) => state === 'failed')?.name;
  const starts = action === 'turn-on' || action === 'hold';
  return [
    ...(starts && failedAt !== 'act'
      ? [{ ...frame, name: 'vm.start-failed' as const, attributes }]
      : []),
    ...(migrates ? [{ ...frame, ...migrationFailed(operation, attributes.reason) }] : []),
    { ...frame, name: 'vm.task-failed', attributes },
  ];
}

function migrationFailed(
  { input, startedAt, endedAt }: OperationDocument,
  reason: string,
): Pick<NewEvent, 'name' | 'attributes'> {
  const { from, to } = input as { readonly from: string; readonly to: string };
  const ms =
    startedAt === null || endedAt === null ? 0 : Date.parse(endedAt) - Date.parse(startedAt);
  const durationSeconds = Math.max(0, Math.round(ms / 100) / 10);
  return { name: 'vm.migration.failed', attributes: { from, to, durationSeconds, reason } };
}
