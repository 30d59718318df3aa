/**
 * The SQLite engine: one coordinator, one file, nothing else to install. This half lives in the
 * coordinator's own thread, commits there while there is little to write, and never waits for the disk; a writer
 * and a reader, each in a thread and with a connection of its own, do. Both rest when nobody needs them.
 *
 *   commit -> prepare -> JobQueue -> BatchWriter (one flush per batch) -> Feed -> watchers
 *   read -> JobQueue -> BatchWriter
 *   range, events, samples -> reader
 */
import { type Clock, Fault, faultFromData, assert, toFault } from '#lib';
import type { Log } from '#log';
import { installationId, type Event } from '#api';
import { Feed, prunedFault } from '../feed.ts';
import {
  feedChanges,
  feedLength,
  maxAnswerRows,
  maxIdLength,
  maxSampleBlocks,
  maxSampleBytes,
} from '../limits.ts';
import { expiringKinds, prepareCommit, type EventBody, type PreparedCommit } from '../prepare.ts';
import {
  sampleLevels,
  type Change,
  type Commit,
  type Document,
  type DocumentKind,
  type EventFilter,
  type EventQuery,
  type Json,
  type Lease,
  type Pruned,
  type Retention,
  type SampleBlock,
  type SampleLevel,
  type Store,
} from '../store.ts';
import { BatchWriter } from './batch-writer.ts';
import { openForWriting } from './database.ts';
import { bytesOf, JobQueue } from './job-queue.ts';
import { endAllLeases } from './leases.ts';
import { LocalWriter, type Flush } from './local-writer.ts';
import type {
  Batch,
  BatchResult,
  ChangeRow,
  CommitAnswer,
  DocumentRow,
  EventRow,
  Query,
  QueryAnswers,
  QueryKind,
  QueryResult,
} from './protocol.ts';
import { RestingThread } from './resting-thread.ts';
import { Thread } from './thread.ts';

/** How long a thread is kept without work. */
const threadIdleMs = 10_000;

export interface SqliteStoreOptions {
  /** Made where it is not yet, with its folder. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly threadIdleMs?: number;
  /** From here on a write is slow, and the thread's. */
  readonly slowMs?: number;
  /** Instead of fdatasync of SQLite's log. */
  readonly flush?: Flush;
}

/** Errors: `refused` when another coordinator has it, `unsupported` when a newer version made it, `corrupt`, `exhausted`, `unavailable`. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, clock, log } = options;
  const opened = openForWriting(file);
  try {
    endAllLeases(opened.database);
    const local = await LocalWriter.open(opened, file, options.flush);
    const { head } = local;
    const thread = <T, R>(name: string, script: URL): RestingThread<T, R> =>
      new RestingThread(
        () => Thread.start<T, R>(name, script, { file }),
        options.threadIdleMs ?? threadIdleMs,
      );
    const writer = thread<Batch, BatchResult>(
      'store writer',
      new URL('writer.ts', import.meta.url),
    );
    const reader = thread<Query, QueryResult>(
      'store reader',
      new URL('reader.ts', import.meta.url),
    );
    log.info({ file, head }, 'store opened');
    return new SqliteStore(
      new BatchWriter(local, writer, log, options.slowMs),
      reader,
      head,
      clock,
    );
  } catch (error) {
    opened.close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly #writer: BatchWriter;
  readonly #reader: RestingThread<Query, QueryResult>;
  readonly #queue: JobQueue;
  readonly #feed: Feed;
  #closed = false;

  constructor(
    writer: BatchWriter,
    reader: RestingThread<Query, QueryResult>,
    head: number,
    clock: Clock,
  ) {
    this.#writer = writer;
    this.#reader = reader;
    this.#queue = new JobQueue((batch) => this.#write(batch), clock);
    this.#feed = new Feed(
      head,
      { changes: feedChanges, length: feedLength },
      async (after, limit) => {
        const rows = await this.#ask({ kind: 'changes', after, limit });
        if (rows === null) throw prunedFault(after);
        return rows.map(changeOfRow);
      },
    );
  }

  async read(kind: DocumentKind, id: string): Promise<Document | undefined> {
    this.#assertOpen();
    const row = await this.#queue.submit({ kind: 'read', documentKind: kind, id });
    return row === null ? undefined : documentOfRow(kind, row);
  }

  async range(kind: DocumentKind, after: string, limit: number): Promise<readonly Document[]> {
    assertLimit(limit);
    const rows = await this.#ask({ kind: 'range', documentKind: kind, after, limit });
    return rows.map((row) => documentOfRow(kind, row));
  }

  async commit(commit: Commit): Promise<Change> {
    this.#assertOpen();
    const prepared = prepareCommit(commit);
    return this.#queue.submitThen({ kind: 'commit', commit: prepared }, (answer, time) => {
      const change = changeOfAnswer(prepared, answer, time);
      this.#feed.push(change, prepared.length);
      return change;
    });
  }

  head(): Promise<number> {
    return Promise.resolve(this.#feed.head);
  }

  watch(after: number, signal: AbortSignal): AsyncIterable<Change> {
    return this.#feed.watch(after, signal);
  }

  async events(query: EventQuery): Promise<readonly Event[]> {
    const { newestFirst, limit, ...asked } = query;
    assertLimit(limit);
    const filter = withoutInstallation(asked);
    const rows = await this.#ask({ kind: 'events', filter, order: newestFirst, limit });
    return rows.map(eventOfRow);
  }

  countEvents(filter: EventFilter): Promise<number> {
    return this.#ask({ kind: 'count-events', filter: withoutInstallation(filter) });
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    this.#assertOpen();
    assert(name.length <= maxIdLength && holder.length <= maxIdLength, 'a lease has a long name');
    const lease = await this.#queue.submit({ kind: 'acquire', name, holder, ttlMs });
    return lease ?? undefined;
  }

  async release(name: string, holder: string): Promise<void> {
    this.#assertOpen();
    await this.#queue.submit({ kind: 'release', name, holder });
  }

  async putSamples(blocks: readonly SampleBlock[]): Promise<void> {
    this.#assertOpen();
    assert(blocks.length <= maxSampleBlocks, `${blocks.length} blocks of samples in one call`);
    const bytes = bytesOf(blocks);
    assert(bytes <= maxSampleBytes, `${bytes} bytes of samples in one call`);
    assert(
      blocks.every(({ key }) => key.length <= maxIdLength),
      'a block of samples has a long key',
    );
    await this.#queue.submit({ kind: 'samples', blocks });
  }

  async samples(
    level: SampleLevel,
    starts: readonly number[],
    keys: readonly string[],
  ): Promise<readonly SampleBlock[]> {
    const asked = starts.length * keys.length;
    if (asked === 0) return [];
    assertLimit(asked);
    return await this.#ask({ kind: 'samples', level, starts, keys });
  }

  async firstSamples(level: SampleLevel): Promise<number | undefined> {
    this.#assertOpen();
    return (await this.#queue.submit({ kind: 'first-samples', level })) ?? undefined;
  }

  async prune(retention: Retention): Promise<Pruned> {
    this.#assertOpen();
    const { operationsBefore, operationsKeep, expiredBefore } = retention;
    let expired = 0;
    for (const kind of expiringKinds) {
      const keep = kind === 'request' ? retention.requestsKeep : undefined;
      expired += await this.#pruneDone(kind, expiredBefore ?? null, keep ?? null);
    }
    return {
      events: await this.#pruneEvents(retention.eventsBefore, retention.eventsKeep),
      operations: await this.#pruneDone(
        'operation',
        operationsBefore ?? null,
        operationsKeep ?? null,
      ),
      expired,
      samples: await this.#pruneSamples(retention.samplesBefore),
      changes: await this.#pruneChanges(retention.changesBelow, retention.changesLength),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#queue.drain();
    this.#feed.close(new Fault('unavailable', 'the store is closed'));
    await this.#reader.close();
    await this.#writer.close();
  }

  async #write(batch: Batch): Promise<BatchResult> {
    try {
      return await this.#writer.write(batch);
    } catch (error) {
      // Whoever watches could no longer be told what is there.
      this.#feed.close(toFault(error));
      throw error;
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new Fault('unavailable', 'the store is closed');
  }

  async #ask<K extends QueryKind>(query: Query & { readonly kind: K }): Promise<QueryAnswers[K]> {
    const result = await this.#reader.ask(query);
    // It may have read what is not on the disk yet.
    await this.#writer.settled();
    if ('fault' in result) throw faultFromData(result.fault);
    // The reader answers every query with the answer of its kind.
    return result.answer as QueryAnswers[K];
  }

  async #pruneEvents(before: string | undefined, keep: number | undefined): Promise<number> {
    if (before === undefined && keep === undefined) return 0;
    let count = 0;
    for (;;) {
      const slice = await this.#queue.submit({
        kind: 'prune-events',
        before: before ?? null,
        keep: keep ?? null,
      });
      count += slice.count;
      if (!slice.more) return count;
    }
  }

  async #pruneDone(
    kind: DocumentKind,
    before: string | null,
    keep: number | null,
  ): Promise<number> {
    if (before === null && keep === null) return 0;
    let count = 0;
    for (;;) {
      const ids = await this.#ask({ kind: 'done', documentKind: kind, before, keep, limit: 500 });
      if (ids.length === 0) return count;
      await this.commit({ writes: ids.map((id) => ({ kind, id, delete: true })) });
      count += ids.length;
    }
  }

  async #pruneSamples(befores: Retention['samplesBefore']): Promise<number> {
    let count = 0;
    for (const level of sampleLevels) {
      const before = befores?.[level];
      if (before === undefined) continue;
      for (;;) {
        const slice = await this.#queue.submit({ kind: 'prune-samples', level, before });
        count += slice.count;
        if (!slice.more) break;
      }
    }
    return count;
  }

  async #pruneChanges(below: number | undefined, maxLength: number | undefined): Promise<number> {
    if (below === undefined && maxLength === undefined) return 0;
    let count = 0;
    for (;;) {
      const slice = await this.#queue.submit({
        kind: 'prune-changes',
        below: below ?? null,
        maxLength: maxLength ?? null,
      });
      count += slice.count;
      if (!slice.more) return count;
    }
  }
}

function assertLimit(limit: number): void {
  assert(Number.isInteger(limit) && limit >= 1 && limit <= maxAnswerRows, `a limit of ${limit}`);
}

function documentOfRow(kind: DocumentKind, row: DocumentRow): Document {
  const { id, version, createdAt, updatedAt, data } = row;
  return { kind, id, version, createdAt, updatedAt, data: JSON.parse(data) as Json };
}

function eventOfRow({ seq, time, body }: EventRow): Event {
  return { seq, time, ...(JSON.parse(body) as EventBody) };
}

function changeOfRow({ seq, documents, deleted, events }: ChangeRow): Change {
  return {
    seq,
    documents: JSON.parse(documents) as Document[],
    deleted: JSON.parse(deleted) as Change['deleted'],
    events: events.map(eventOfRow),
  };
}

/** The change as a watcher sees it, from the same JSON that was stored. */
function changeOfAnswer(commit: PreparedCommit, answer: CommitAnswer, time: string): Change {
  const documents: Document[] = [];
  const deleted: { readonly kind: DocumentKind; readonly id: string }[] = [];
  for (const [index, { kind, id, json }] of commit.writes.entries()) {
    const written = answer.writes[index];
    if (written === undefined) continue;
    if (json === null) deleted.push({ kind, id });
    else documents.push({ kind, id, ...written, updatedAt: time, data: JSON.parse(json) as Json });
  }
  const events = commit.events.map((event, index) =>
    eventOfRow({ seq: answer.firstEvent + index, time: event.time ?? time, body: event.json }),
  );
  return { seq: answer.seq, documents, deleted, events };
}

/** Every event is about the installation, so none has a row that says so. */
function withoutInstallation({ about, ...filter }: EventFilter): EventFilter {
  return about === undefined || about === installationId ? filter : { ...filter, about };
}
