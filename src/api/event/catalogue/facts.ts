/** What is said of each event in the catalogue, and attributes that several have. */
import type { Kind } from '../../ids.ts';
import type { Category, Severity } from '../event.ts';

export interface EventFacts {
  /** Its number in the logs of operating systems (HOST-62); given once, never changed or given again. */
  readonly number: number;
  readonly category: Category;
  readonly type: Severity;
  /** Where the attribute has the value, the event is of this type instead. */
  readonly typeWhere?: {
    readonly attribute: string;
    readonly value: string;
    readonly type: Severity;
  };
  readonly target: Kind;
  readonly message: string;
  /** Attribute names with their meaning. */
  readonly attributes: Readonly<Record<string, string>>;
}

export const none = {} as const;
export const failure = {
  operation: 'what was tried',
  reason: 'why it failed',
  state: 'state the vm was left in',
} as const;
export const change = {
  path: 'path of the setting',
  oldValue: 'value before',
  newValue: 'value after',
} as const;
export const status = {
  oldStatus: 'status before; unknown where there was none',
  newStatus: 'status after',
  cause: 'why',
} as const;
export const script = { script: 'its file', event: 'the event that it was attached to' } as const;
export const scriptEnd = {
  ...script,
  exitStatus: 'its exit status; none where it was ended or never began',
  output: 'the first 64 KiB of its output',
  errorOutput: 'the first 64 KiB of its error output',
} as const;
