/**
 * An operation within a step of another. Its id is remembered before it is submitted, so that it is begun
 * once, however often the step runs: a repeat finds it by its id and goes on waiting.
 */
import { randomUUID } from 'node:crypto';
import { finishedStates, type Operation } from '#api';
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
  const begun = begunOperation(work, name);
  if (begun !== undefined) return await waitForEnd(work, begun);
  const remembered = work.memory[keyOf(name)];
  const id = typeof remembered === 'string' ? remembered : randomUUID();
  await work.remember({ [keyOf(name)]: id });
  await operations.submit(work.caller, { ...submission, id });
  return await waitForEnd(work, id);
}

/** The operation at its end. Errors: why the signal aborts. */
export async function waitForEnd(work: Work, id: string): Promise<Operation> {
  for (;;) {
    const operation = await work.coordinator.operations.wait(id, lookMs, work.signal);
    if (finishedStates.includes(operation.state)) return operation;
    work.signal.throwIfAborted();
  }
}
