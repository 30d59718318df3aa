/**
 * The store as a few maps: what every engine must be indistinguishable from. Pure but for its own
 * state; time is an argument. Only tests use it.
 */
import { Fault, isoTime } from '#lib';
import { eventFacts, installationId, severityOf, writeMessage, type Event } from '#api';
import type {
  Change,
  Commit,
  Condition,
  Document,
  DocumentKind,
  EventFilter,
  EventQuery,
  Json,
  Lease,
  Pruned,
  Retention,
  SampleBlock,
  SampleLevel,
} from '../store.ts';

interface ModelLease {
  readonly holder: string | null;
  readonly epoch: number;
  readonly expiresAt: number;
}

const doneFields: Readonly<Record<string, string>> = {
  operation: 'endedAt',
  session: 'expiresAt',
  link: 'expiresAt',
  request: 'expiresAt',
};

export class ModelStore {
  readonly #documents = new Map<string, Document>();
  readonly #leases = new Map<string, ModelLease>();
  /** All there ever were; those up to #forgotten need no longer be told. */
  readonly #changes: Change[] = [];
  #forgotten = 0;
  #events: Event[] = [];
  #eventCount = 0;
  #samples: readonly SampleBlock[] = [];
  head = 0;

  read(kind: DocumentKind, id: string): Document | undefined {
    return this.#documents.get(`${kind} ${id}`);
  }

  range(kind: DocumentKind, after: string, limit: number): readonly Document[] {
    return [...this.#documents.values()]
      .filter((document) => document.kind === kind && document.id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  commit(commit: Commit, nowMs: number): Change {
    for (const condition of commit.conditions ?? []) this.#check(condition);
    const time = isoTime(nowMs);
    const documents: Document[] = [];
    const deleted: { readonly kind: DocumentKind; readonly id: string }[] = [];
    for (const write of commit.writes ?? []) {
      const { kind, id } = write;
      const old = this.read(kind, id);
      if ('delete' in write) {
        if (old !== undefined) deleted.push({ kind, id });
        this.#documents.delete(`${kind} ${id}`);
        continue;
      }
      const document: Document = {
        kind,
        id,
        version: (old?.version ?? 0) + 1,
        createdAt: old?.createdAt ?? time,
        updatedAt: time,
        data: JSON.parse(JSON.stringify(write.data)) as Json,
      };
      this.#documents.set(`${kind} ${id}`, document);
      documents.push(document);
    }
    const events = (commit.events ?? []).map((event): Event => {
      this.#eventCount += 1;
      const { name, target, ancestors, actor, origin, correlationId, attributes } = event;
      const { category } = eventFacts(name);
      return {
        seq: this.#eventCount,
        name,
        type: severityOf(name, attributes),
        category,
        target,
        actor,
        origin,
        correlationId,
        time: event.time ?? time,
        message: writeMessage(name, target.name, attributes),
        ancestors: [...ancestors],
        attributes,
      };
    });
    this.head += 1;
    const change: Change = { seq: this.head, documents, deleted, events };
    this.#changes.push(change);
    this.#events.push(...events);
    return change;
  }

  #check(condition: Condition): void {
    if ('lease' in condition) {
      const { lease, epoch } = condition;
      const held = this.#leases.get(lease);
      if (held === undefined || held.epoch !== epoch || held.holder === null)
        throw new Fault('stale', 'lease', { facts: { lease, epoch, found: held?.epoch ?? null } });
      return;
    }
    const { kind, id } = condition;
    const found = this.read(kind, id)?.version ?? null;
    if ('absent' in condition) {
      if (found !== null) throw new Fault('exists', 'document', { facts: { kind, id } });
    } else if (found !== condition.version) {
      const { version } = condition;
      throw new Fault('stale', 'document', { facts: { kind, id, version, found } });
    }
  }

  /** What a watcher that begins after the number is told up to now, and whether it may be told `pruned` instead. */
  changesAfter(after: number): { readonly changes: readonly Change[]; readonly pruned: boolean } {
    const changes = this.#changes.filter((change) => change.seq > after);
    return { changes, pruned: changes.length > 0 && after < this.#forgotten };
  }

  events(query: EventQuery): readonly Event[] {
    const found = this.#events.filter((event) => matches(event, query));
    if (query.newestFirst === 'newest-first') found.reverse();
    return found.slice(0, query.limit);
  }

  countEvents(filter: EventFilter): number {
    return this.#events.filter((event) => matches(event, filter)).length;
  }

  acquire(name: string, holder: string, ttlMs: number, nowMs: number): Lease | undefined {
    const found = this.#leases.get(name);
    const held = found !== undefined && found.holder !== null && found.expiresAt > nowMs;
    if (held && found.holder !== holder) return undefined;
    const epoch = (found?.epoch ?? 0) + (held ? 0 : 1);
    this.#leases.set(name, { holder, epoch, expiresAt: nowMs + ttlMs });
    return { name, holder, epoch, expiresAt: isoTime(nowMs + ttlMs) };
  }

  release(name: string, holder: string): void {
    const found = this.#leases.get(name);
    if (found?.holder === holder) this.#end(name, found);
  }

  /** What opening does to leases in an engine that has one opener at a time. */
  endAllLeases(): void {
    for (const [name, lease] of this.#leases) this.#end(name, lease);
  }

  #end(name: string, { epoch }: ModelLease): void {
    this.#leases.set(name, { holder: null, epoch, expiresAt: 0 });
  }

  putSamples(blocks: readonly SampleBlock[]): void {
    for (const block of blocks) {
      const others = this.#samples.filter((one) => placeOf(one) !== placeOf(block));
      this.#samples = [...others, block];
    }
  }

  samples(
    level: SampleLevel,
    starts: readonly number[],
    keys: readonly string[],
  ): readonly SampleBlock[] {
    return starts.flatMap((start) =>
      keys.flatMap((key) =>
        this.#samples.filter((block) => placeOf(block) === placeOf({ level, start, key })),
      ),
    );
  }

  firstSamples(level: SampleLevel): number | undefined {
    const starts = this.#samples.filter((block) => block.level === level);
    return starts.length === 0 ? undefined : Math.min(...starts.map(({ start }) => start));
  }

  #pruneSamples(before: Retention['samplesBefore']): number {
    const kept = this.#samples.filter(({ level, start }) => start >= (before?.[level] ?? 0));
    const gone = this.#samples.length - kept.length;
    this.#samples = kept;
    return gone;
  }

  prune(retention: Retention, nowMs: number): Pruned {
    const { eventsBefore, eventsKeep, operationsBefore, operationsKeep } = retention;
    const expired = retention.expiredBefore;
    const counts = {
      expired: (['session', 'link', 'request'] as const)
        .map((kind) => this.#pruneDone(kind, expired, undefined, nowMs))
        .reduce((sum, count) => sum + count, 0),
      events: this.#pruneEvents(eventsBefore, eventsKeep),
      operations: this.#pruneDone('operation', operationsBefore, operationsKeep, nowMs),
      samples: this.#pruneSamples(retention.samplesBefore),
    };
    const forgotten = this.#forgotten;
    const below = Math.min(retention.changesBelow ?? 0, this.head + 1);
    this.#forgotten = Math.max(forgotten, below - 1);
    return { ...counts, changes: this.#forgotten - forgotten };
  }

  #pruneEvents(before: string | undefined, keep: number | undefined): number {
    const young = this.#events.find((event) => before === undefined || event.time >= before);
    const byAge = young === undefined ? this.#eventCount : young.seq - 1;
    const byCount = keep === undefined ? 0 : this.#eventCount - keep;
    const last = Math.max(before === undefined ? 0 : byAge, byCount);
    const gone = this.#events.filter((event) => event.seq <= last).length;
    if (gone === 0) return 0;
    this.#events = this.#events.filter((event) => event.seq > last);
    const torn = this.#changes.findLast((change) => (change.events[0]?.seq ?? Infinity) <= last);
    this.#forgotten = Math.max(this.#forgotten, torn?.seq ?? 0);
    return gone;
  }

  #pruneDone(
    kind: DocumentKind,
    before: string | undefined,
    keep: number | undefined,
    nowMs: number,
  ): number {
    const done = this.range(kind, '', Infinity)
      .map(({ id, data }) => ({ id, at: Reflect.get(Object(data), doneFields[kind] ?? '') }))
      .filter((one): one is { id: string; at: string } => typeof one.at === 'string')
      .sort((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at > b.at ? -1 : 1));
    const gone = done.filter(
      ({ at }, index) =>
        (before !== undefined && at < before) || (keep !== undefined && index >= keep),
    );
    gone.sort((a, b) => (a.id < b.id ? -1 : 1));
    if (gone.length > 0)
      this.commit({ writes: gone.map(({ id }) => ({ kind, id, delete: true })) }, nowMs);
    return gone.length;
  }
}

function placeOf({ level, start, key }: Pick<SampleBlock, 'level' | 'start' | 'key'>): string {
  return `${level} ${start} ${key}`;
}

function matches(event: Event, filter: EventFilter): boolean {
  const { after, before, since, until, about, correlationId } = filter;
  return (
    (after === undefined || event.seq > after) &&
    (before === undefined || event.seq < before) &&
    (since === undefined || event.time >= since) &&
    (until === undefined || event.time < until) &&
    (correlationId === undefined || event.correlationId === correlationId) &&
    (about === undefined ||
      about === installationId ||
      [event.target, ...event.ancestors].some((thing) => thing.id === about))
  );
}
