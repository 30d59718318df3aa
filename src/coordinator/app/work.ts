/**
 * What a step of an operation is given. Steps are plain functions in literal tables (operation-kinds.ts):
 * each may be run twice with the same result, and its `undo` may find it done, half done or not done.
 */
import type { Thing } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { Json } from '../store/store.ts';
import type { DefinitionPusher } from './push-definition.ts';

export interface Work {
  readonly coordinator: Coordinator;
  readonly pusher: DefinitionPusher;
  readonly operationId: string;
  readonly target: Thing;
  readonly input: Readonly<Record<string, Json>>;
  /** What earlier steps, or an earlier run of this one, have found out. */
  readonly memory: Readonly<Record<string, Json>>;
  /** By whose hand the operation runs; asks for nothing any more. */
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** Stores what later steps, or the next run of this one, need to know. */
  remember(values: Readonly<Record<string, Json>>): Promise<void>;
  /** What the operation has brought, shown with it. */
  conclude(values: Readonly<Record<string, Json>>): Promise<void>;
  tell(progress: number | null, note: string | null): void;
}

export interface Step {
  readonly name: string;
  readonly run: (work: Work) => Promise<void>;
  readonly undo?: (work: Work) => Promise<void>;
}

export interface Kind {
  readonly action: string;
  readonly steps: readonly Step[];
}

export function stepNames(kind: Kind): string[] {
  return kind.steps.map(({ name }) => name);
}
