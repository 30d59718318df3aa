/**
 * What the store's main half and its two threads say to each other. The clock stays in the main half:
 * every batch carries its time, so that the order of times is the order of commits and a test can hold
 * it.
 */
import type { FaultData } from '#lib';
import type { EventFilter, Lease, SampleBlock, SampleLevel } from '../store.ts';
import type { PreparedCommit } from '../prepare.ts';

/** One change of the database, or a question that is answered at once; several share a transaction. */
export type Job =
  | { readonly kind: 'commit'; readonly commit: PreparedCommit }
  | {
      readonly kind: 'acquire';
      readonly name: string;
      readonly holder: string;
      readonly ttlMs: number;
    }
  | { readonly kind: 'release'; readonly name: string; readonly holder: string }
  | { readonly kind: 'read'; readonly documentKind: string; readonly id: string }
  | { readonly kind: 'first-samples'; readonly level: SampleLevel }
  | { readonly kind: 'samples'; readonly blocks: readonly SampleBlock[] }
  | { readonly kind: 'prune-events'; readonly before: string | null; readonly keep: number | null }
  | { readonly kind: 'prune-samples'; readonly level: SampleLevel; readonly before: number }
  | {
      readonly kind: 'prune-changes';
      readonly below: number | null;
      readonly maxLength: number | null;
    };
export type JobKind = Job['kind'];
/** What writes nothing, and so has nothing to flush. */
export const questions: readonly JobKind[] = ['read', 'first-samples'];

export interface CommitAnswer {
  readonly seq: number;
  /** Of each write, in their order: version and first commit; undefined where nothing was there to delete. */
  readonly writes: readonly (
    { readonly version: number; readonly createdAt: string } | undefined
  )[];
  readonly firstEvent: number;
}

export interface JobAnswers {
  readonly commit: CommitAnswer;
  readonly acquire: Lease | null;
  readonly release: null;
  readonly read: DocumentRow | null;
  readonly 'first-samples': number | null;
  readonly samples: null;
  /** How many went in this slice, and whether there is more to do. */
  readonly 'prune-events': { readonly count: number; readonly more: boolean };
  readonly 'prune-samples': { readonly count: number; readonly more: boolean };
  readonly 'prune-changes': { readonly count: number; readonly more: boolean };
}

export interface Batch {
  readonly nowMs: number;
  readonly time: string;
  readonly jobs: readonly Job[];
}

export type JobResult = { readonly answer: JobAnswers[JobKind] } | { readonly fault: FaultData };

export type BatchResult = readonly JobResult[];

export type Query =
  | {
      readonly kind: 'range';
      readonly documentKind: string;
      readonly after: string;
      readonly limit: number;
    }
  | { readonly kind: 'changes'; readonly after: number; readonly limit: number }
  | {
      readonly kind: 'events';
      readonly filter: EventFilter;
      readonly order: 'newest-first' | 'oldest-first';
      readonly limit: number;
    }
  | { readonly kind: 'count-events'; readonly filter: EventFilter }
  | {
      readonly kind: 'samples';
      readonly level: SampleLevel;
      readonly starts: readonly number[];
      readonly keys: readonly string[];
    }
  | {
      /** Ids of documents that retention says are done with, oldest first. */
      readonly kind: 'done';
      readonly documentKind: string;
      readonly before: string | null;
      readonly keep: number | null;
      readonly limit: number;
    };
export type QueryKind = Query['kind'];

export interface DocumentRow {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly data: string;
}

export interface EventRow {
  readonly seq: number;
  readonly time: string;
  readonly body: string;
}

export interface ChangeRow {
  readonly seq: number;
  /** JSON arrays. */
  readonly documents: string;
  readonly deleted: string;
  readonly events: readonly EventRow[];
}

export interface QueryAnswers {
  readonly range: readonly DocumentRow[];
  /** Null when they are no longer kept. */
  readonly changes: readonly ChangeRow[] | null;
  readonly events: readonly EventRow[];
  readonly 'count-events': number;
  readonly samples: readonly SampleBlock[];
  readonly done: readonly string[];
}

export type QueryResult =
  { readonly answer: QueryAnswers[QueryKind] } | { readonly fault: FaultData };

/** What a thread is started with. */
export interface ThreadData {
  readonly file: string;
}

/** A thread's first word. */
export type Opening = { readonly opened: true } | { readonly fault: FaultData };

/** `id` is given back with the result. */
export type ToThread<T> = { readonly id: number; readonly work: T } | { readonly close: true };
export interface FromThread<R> {
  readonly id: number;
  readonly result: R;
}
