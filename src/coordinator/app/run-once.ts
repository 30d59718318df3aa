/**
 * An operation within a step of another. Its id is remembered before it is submitted, so that it is begun
 * once, however often the step runs: a repeat finds it by its id and goes on waiting.
 */
import { randomUUID } from 'node:crypto';
import { finishedStates, type Operation } from '#api';
import { faultFromData, present, type FaultCode } from '#lib';
import type { Submission } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Work } from './work.ts';

const lookMs = 20_000;

function keyOf(name: string): string {
  return `begun ${name}`;
}

/** The operation that was begun under the name; undefined before it was stored. */
export function begunOperation(work: Work, name: string): string | undefined {
  const id = work.memory[keyOf(name)];
  return typeof id === 'string' &&
    work.coordinator.inventory.document<OperationDocument>('operation', id) !== undefined
    ? id
    : undefined;
}

/** Begins the operation unless it has begun, and answers it at its end. Errors: those of submit; why the signal aborts. */
export async function runOnce(
  work: Work,
  name: string,
  submission: Submission,
): Promise<Operation> {
  const { operations } = work.coordinator;
  const id = await beginOnce(work, name, (own) =>
    operations.submit(work.caller, { ...submission, id: own }),
  );
  return await waitForEnd(work, id);
}

/** Answers the id of the operation, which `submit` begins with it unless it has begun. Errors: those of submit. */
export async function beginOnce(
  work: Work,
  name: string,
  submit: (id: string) => Promise<unknown>,
): Promise<string> {
  const begun = begunOperation(work, name);
  if (begun !== undefined) return begun;
  const remembered = work.memory[keyOf(name)];
  const id = typeof remembered === 'string' ? remembered : randomUUID();
  await work.remember({ [keyOf(name)]: id });
  await submit(id);
  return id;
}

/** Errors: why the operation has failed, or was cancelled. */
export function requireDone(operation: Operation): Operation {
  if (operation.state === 'done') return operation;
  const { action, target } = operation;
  const { code, ...fault } = present(operation.fault, `why ${action} of ${target.name} has failed`);
  throw faultFromData({ ...fault, code: code as FaultCode });
}

/** The operation at its end. Errors: why the signal aborts. */
export async function waitForEnd(work: Work, id: string): Promise<Operation> {
  for (;;) {
    const operation = await work.coordinator.operations.wait(id, lookMs, work.signal);
    if (finishedStates.includes(operation.state)) return operation;
    work.signal.throwIfAborted();
  }
}
