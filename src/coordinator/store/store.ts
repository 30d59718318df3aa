/**
 * The store: everything durable, behind one small interface. Every engine passes one conformance suite and
 * one model-based property test (store/conformance.ts, store/model.ts).
 *
 * Invariants
 * 1. A commit is whole or not there: conditions, writes and the events they mean are one transaction,
 *    on disk before `commit` resolves.
 * 2. Every commit has a sequence number; the order of numbers is the order of commits, without gaps for
 *    a watcher. Events are numbered in the same order, by a counter of their own.
 * 3. A document's version grows by one with every write of it. One that is deleted and made again begins
 *    at 1: ids are UUIDs and not used twice, and what has a chosen id is never written by its version.
 * 4. A lease's epoch only grows: with every new holder, and when its holder takes it again after it ran
 *    out or was released. Whoever has an old epoch, or has released, finds every conditional commit refused.
 * 5. Events go only from the old end, so that their numbers have no gaps.
 */
import type { Event, EventAttributes, EventName, Thing, Actor } from '#api';

/** Kinds of documents. `status` is what was last observed of a vm, `agent` what is remembered of a host's agent, `span` who serves a network that spans hosts; `charge` says who was the last to take something of a folder's quota; `name` reserves a name within a kind. */
export const documentKinds = [
  'vm',
  'status',
  'host',
  'agent',
  'folder',
  'quota',
  'charge',
  'image',
  'profile',
  'team',
  'network',
  'span',
  'user',
  'role',
  'grant',
  'token',
  'session',
  'link',
  'console-link',
  'recording',
  'viewer-port',
  'port-numbers',
  'viewer-certificate',
  'acknowledgement',
  'operation',
  'request',
  'name',
  'lock',
  'setting',
] as const;
export type DocumentKind = (typeof documentKinds)[number];

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Document<T = Json> {
  readonly kind: DocumentKind;
  /** At most 256 characters. */
  readonly id: string;
  /** From 1. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly data: T;
}

export interface DocumentKey {
  readonly kind: DocumentKind;
  readonly id: string;
}

/** What must hold for a commit to happen; else it is refused with `stale` (or `exists` for `absent`). */
export type Condition =
  | { readonly kind: DocumentKind; readonly id: string; readonly version: number }
  | { readonly kind: DocumentKind; readonly id: string; readonly absent: true }
  | { readonly lease: string; readonly epoch: number };

export type Write =
  | { readonly kind: DocumentKind; readonly id: string; readonly data: unknown }
  | { readonly kind: DocumentKind; readonly id: string; readonly delete: true };

/** An event to be written with a commit; the store gives it its number. */
export interface NewEvent<N extends EventName = EventName> {
  readonly name: N;
  readonly target: Thing;
  readonly ancestors: readonly Thing[];
  readonly actor: Actor;
  readonly origin: string | null;
  readonly correlationId: string | null;
  readonly attributes: EventAttributes<N>;
  /** Default: the time of the commit. An agent's events carry their own. */
  readonly time?: string;
}

export interface Commit {
  readonly conditions?: readonly Condition[];
  readonly writes?: readonly Write[];
  readonly events?: readonly NewEvent[];
}

/** One committed change, as watchers see it. */
export interface Change {
  readonly seq: number;
  readonly documents: readonly Document[];
  readonly deleted: readonly { readonly kind: DocumentKind; readonly id: string }[];
  readonly events: readonly Event[];
}

export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly epoch: number;
  readonly expiresAt: string;
}

export interface EventFilter {
  /** Only events with a number above / below. */
  readonly after?: number;
  readonly before?: number;
  /** Only events of this time or later / before this time. */
  readonly since?: string;
  readonly until?: string;
  /** Only events whose target or ancestor is this thing; the installation is above everything. */
  readonly about?: string;
  /** Only events of this operation or request (EVT-08). */
  readonly correlationId?: string;
}

export interface EventQuery extends EventFilter {
  readonly newestFirst: 'newest-first' | 'oldest-first';
  /** At most this many, up to 10,000. */
  readonly limit: number;
}

/**
 * What kinds of blocks of samples there are; samples/levels.ts says what is in them. The place of a name in
 * this list is its number on the disk.
 */
export const sampleLevels = ['pending', 'minute', 'five-minutes', 'hour'] as const;
export type SampleLevel = (typeof sampleLevels)[number];

/** A stretch of figures over time, packed; not truth, pruned by retention. There is one of a level, start and key. */
export interface SampleBlock {
  readonly level: SampleLevel;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** At most 256 characters. */
  readonly key: string;
  readonly data: Uint8Array;
}

export interface Retention {
  readonly eventsBefore?: string;
  /** The newest so many stay; older ones go, whatever their age. */
  readonly eventsKeep?: number;
  /** Only finished operations go. */
  readonly operationsBefore?: string;
  readonly operationsKeep?: number;
  /** Sessions, links and answered requests that ended before go. */
  readonly expiredBefore?: string;
  /** Blocks go whose start is below that of their level. */
  readonly samplesBefore?: Readonly<Partial<Record<SampleLevel, number>>>;
  /** Of answered requests the newest so many stay. */
  readonly requestsKeep?: number;
  /** Changes below this number are forgotten; a watcher that asks for them is told `pruned`. */
  readonly changesBelow?: number;
  /** The newest changes stay that are so much JSON together, in UTF-16 units. */
  readonly changesLength?: number;
}

/** How much went. */
export interface Pruned {
  readonly events: number;
  readonly operations: number;
  readonly expired: number;
  /** Blocks of them. */
  readonly samples: number;
  readonly changes: number;
}

export interface Store extends AsyncDisposable {
  read(kind: DocumentKind, id: string): Promise<Document | undefined>;
  /** Documents of a kind in the order of their ids, after the given id. */
  range(kind: DocumentKind, after: string, limit: number): Promise<readonly Document[]>;
  /**
   * Errors: `stale` or `exists` naming the condition; `too-large` beyond store/limits.ts; `exhausted`
   * when the disk is full or too many commits wait; `corrupt`.
   */
  commit(commit: Commit): Promise<Change>;
  /** Number of the last commit. */
  head(): Promise<number>;
  /**
   * All changes after the number, in order, without gaps, until the signal aborts. Errors: `stale` with
   * the fact `pruned` when they are no longer kept (read everything again); `exhausted` with the fact
   * `after` when the watcher is too slow: it is cut off, never skipped, and may watch again from there.
   */
  watch(after: number, signal: AbortSignal): AsyncIterable<Change>;
  events(query: EventQuery): Promise<readonly Event[]>;
  countEvents(filter: EventFilter): Promise<number>;
  /** Takes or renews a lease; undefined when somebody else holds it. A new holder gets a higher epoch. */
  acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined>;
  release(name: string, holder: string): Promise<void>;
  /** Writes the blocks, all or none; one that is there already is replaced. At most store/limits.ts. */
  putSamples(blocks: readonly SampleBlock[]): Promise<void>;
  /** Those blocks of the level that there are, by start and key; at most 10,000 are asked for. */
  samples(
    level: SampleLevel,
    starts: readonly number[],
    keys: readonly string[],
  ): Promise<readonly SampleBlock[]>;
  /** The start of the level's oldest block. */
  firstSamples(level: SampleLevel): Promise<number | undefined>;
  /** Forgets what retention says. What goes of documents is a change that watchers see. */
  prune(retention: Retention): Promise<Pruned>;
}
