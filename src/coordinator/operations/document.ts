/** An operation's document: how it begins, and the changes of its steps. Pure. */
import type { FaultData } from '#lib';
import { finishedStates, type Step } from '#api';
import type { Caller, Submission } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Json } from '../store/store.ts';

export function newOperation(
  caller: Caller,
  { action, target, makes, reserves, charge, input }: Submission,
  {
    stepNames,
    hostId,
  }: { readonly stepNames: readonly string[]; readonly hostId?: string | undefined },
): OperationDocument {
  return {
    action,
    target,
    ...(hostId === undefined ? {} : { hostId }),
    ...(makes === undefined ? {} : { makes }),
    ...(reserves === undefined ? {} : { reserves }),
    ...(charge === undefined ? {} : { charge }),
    input,
    memory: {},
    state: 'pending',
    steps: stepNames.map((name) => ({
      name,
      state: 'waiting',
      startedAt: null,
      endedAt: null,
      progress: null,
      note: null,
    })),
    at: 0,
    actor: caller.actor,
    userId: caller.userId,
    origin: caller.origin,
    correlationId: caller.correlationId,
    startedAt: null,
    endedAt: null,
    fault: null,
    result: null,
  };
}

export function isFinished(operation: OperationDocument): boolean {
  return finishedStates.includes(operation.state);
}

/** It has failed or is cancelled, and what it did is being taken back. */
export function isGoingBack(operation: OperationDocument): boolean {
  return operation.state === 'cancelling' || operation.fault !== null;
}

export function withStep(
  operation: OperationDocument,
  index: number,
  change: Partial<Step>,
): OperationDocument {
  const steps = operation.steps.map((step, at) => (at === index ? { ...step, ...change } : step));
  return { ...operation, steps };
}

/** With more of what the operation has brought. */
export function withResult(
  operation: OperationDocument,
  values: Readonly<Record<string, Json>>,
): OperationDocument {
  if (Object.keys(values).length === 0) return operation;
  return { ...operation, result: { ...operation.result, ...values } };
}

/** Begins a step, the operation's own beginning with the first. */
export function beginStep(
  operation: OperationDocument,
  index: number,
  time: string,
): OperationDocument {
  const begun = withStep(operation, index, { state: 'running', startedAt: time, note: null });
  const state = operation.state === 'pending' ? 'running' : operation.state;
  return { ...begun, at: index, state, startedAt: operation.startedAt ?? time };
}

export function finishStep(
  operation: OperationDocument,
  index: number,
  time: string,
): OperationDocument {
  return withStep(operation, index, { state: 'done', endedAt: time, progress: 1, note: null });
}

/** A step that did not come to its end; from here on the way leads back. */
export function failStep(
  operation: OperationDocument,
  index: number,
  fault: FaultData,
  time: string,
): OperationDocument {
  const failed = withStep(operation, index, { state: 'failed', endedAt: time, progress: null });
  return { ...failed, fault: operation.fault ?? fault };
}

/** The end; what was never begun is told as skipped. */
export function endOperation(
  operation: OperationDocument,
  state: 'done' | 'failed' | 'cancelled',
  time: string,
): OperationDocument {
  const steps = operation.steps.map((step) =>
    step.state === 'waiting' ? { ...step, state: 'skipped' as const } : step,
  );
  return { ...operation, state, steps, endedAt: time };
}
