/** Operations as people see them: their own, and others' with the right to. */
import { finishedStates, type Operation } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import { requireVerb } from './find.ts';
import { findOperation, rightObjectOf } from './visibility.ts';

/** Waits for its end, but no longer than the time. */
export async function showOperation(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<Operation> {
  const { inventory, operations } = coordinator;
  findOperation(inventory, caller, id);
  const now = inventory.operation(id);
  if (now !== undefined && (waitSeconds === 0 || finishedStates.includes(now.state))) return now;
  return await operations.wait(id, waitSeconds * 1000, signal);
}

/** One's own, or another's with the right operation.cancel on what it is about. */
export async function cancelOperation(
  { inventory, operations }: Coordinator,
  caller: Caller,
  id: string,
): Promise<Operation> {
  requireOwn(caller, findOperation(inventory, caller, id));
  return await operations.cancel(id, caller);
}

/** Errors: `forbidden` for another's, without the right to cancel it. */
export function requireOwn(caller: Caller, { userId, target }: OperationDocument): void {
  if (caller.userId === null || userId !== caller.userId)
    requireVerb(caller, 'operation.cancel', rightObjectOf(target), `${target.kind} ${target.name}`);
}
