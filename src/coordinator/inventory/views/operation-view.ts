/** An operation as the API shows it: the document, and how far the present step has come. */
import { finishedStates, logPath, type Operation, type Step } from '#api';
import type { OperationDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';

/** What passes of a running step; the document has it only at the step's ends. */
export interface StepProgress {
  /** Index of the step. */
  readonly at: number;
  readonly progress: number | null;
  readonly note: string | null;
}

export function viewOperation(
  operation: Document<OperationDocument>,
  passing: StepProgress | undefined,
): Operation {
  const { data } = operation;
  const steps = data.steps.map((step, index): Step => {
    const runs = step.state === 'running' || step.state === 'undoing';
    if (!runs || passing?.at !== index) return step;
    return { ...step, progress: passing.progress, note: passing.note };
  });
  return {
    kind: 'operation',
    id: operation.id,
    action: data.action,
    target: data.target,
    hostId: data.hostId ?? null,
    state: data.state,
    progress: overall(data, steps),
    steps,
    actor: data.actor.name,
    correlationId: data.correlationId,
    version: operation.version,
    createdAt: operation.createdAt,
    startedAt: data.startedAt,
    endedAt: data.endedAt,
    fault:
      data.fault === null
        ? null
        : ({ ...data.fault, log: logPath(data.correlationId) } as Operation['fault']),
    result: data.result as Operation['result'],
  };
}

/** Every step counts the same: how long one takes is not known before. */
function overall({ state }: OperationDocument, steps: readonly Step[]): number | null {
  if (state === 'done') return 1;
  if (finishedStates.includes(state) || steps.length === 0) return null;
  let done = 0;
  for (const step of steps) {
    if (step.state === 'done' || step.state === 'skipped') done += 1;
    else if (step.state === 'running') done += step.progress ?? 0;
  }
  return done / steps.length;
}
