/**
 * What a step of an operation is given beyond what the engine gives every step. Steps are plain functions
 * in literal tables (operation-kinds.ts); the rules for them stand in operations/kind.ts.
 */
import type { Thing } from '#api';
import type { CallOptions, Coordinator } from '../context.ts';
import type { OperationKind, StepDefinition, StepWork } from '../operations/kind.ts';
import type { DefinitionPusher } from './push-definition.ts';

export interface Work extends StepWork {
  /** Its commits are the step's: made under the lease. */
  readonly coordinator: Coordinator;
  readonly pusher: DefinitionPusher;
}

export type Step = StepDefinition<Work>;
export type Kind = OperationKind<Work>;

export function equipWork(
  work: StepWork,
  coordinator: Coordinator,
  pusher: DefinitionPusher,
): Work {
  return { ...work, coordinator: { ...coordinator, commit: work.commit }, pusher };
}

/** The same work, for what a step does with another thing than that of the operation. */
export function workOn(work: Work, target: Thing): Work {
  return { ...work, target };
}

export function stepNames(kind: Kind): string[] {
  return kind.steps.map(({ name }) => name);
}

/** For a call to a host that ends with the work and tells how far it is. */
export function followed(work: Work, limitMs: number): CallOptions {
  return {
    signal: work.signal,
    limitMs,
    onProgress: (progress, note) => work.tell(progress, note),
  };
}
