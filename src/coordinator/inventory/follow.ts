/**
 * Keeps an inventory the same as the store: reads everything once, then follows the store's watch. When
 * the watch is cut off it goes on from where it was, and when that is no longer kept it reads again.
 *
 * Invariant: `commit` resolves when the inventory shows the change, so that whoever has written reads it.
 */
import { abortReason, Fault, isFault, present } from '#lib';
import type { Log } from '#log';
import type { Change, Commit, Document, DocumentKind, Store } from '../store/store.ts';
import { heldKinds } from './document-maps.ts';
import type { MemoryInventory } from './memory-inventory.ts';

/** What it needs of a store. */
export type FollowedStore = Pick<Store, 'head' | 'range' | 'commit' | 'watch'>;

const pageSize = 1_000;

export interface Follower extends AsyncDisposable {
  /** Commits and resolves when the inventory shows it. Errors: those of the store's commit. */
  commit(commit: Commit): Promise<Change>;
  /** Rejects when the store cannot be followed any more; else never settles. */
  readonly failed: Promise<never>;
}

/** Reads everything and follows from there. Errors: the store's. */
export async function followStore(
  store: FollowedStore,
  inventory: MemoryInventory,
  log: Log,
): Promise<Follower> {
  const head = await store.head();
  await readAll(store, (documents) => inventory.load(documents));
  inventory.startAt(head);
  log.info({ head, vms: inventory.count('vm') }, 'inventory read');
  return new StoreFollower(store, inventory, log);
}

/** Page by page; while one is taken in the next one is read. */
async function readAll(
  store: FollowedStore,
  take: (documents: readonly Document[], kind: DocumentKind) => void,
): Promise<void> {
  for (const kind of heldKinds) {
    let reading: Promise<readonly Document[]> | undefined = store.range(kind, '', pageSize);
    while (reading !== undefined) {
      const page: readonly Document[] = await reading;
      const last = page.at(-1)?.id;
      const more = last !== undefined && page.length === pageSize;
      reading = more ? store.range(kind, last, pageSize) : undefined;
      take(page, kind);
    }
  }
}

class StoreFollower implements Follower {
  readonly #store: FollowedStore;
  readonly #inventory: MemoryInventory;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #failure = Promise.withResolvers<never>();
  readonly #running: Promise<void>;
  /** Commits that wait to be shown, by number. */
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();

  constructor(store: FollowedStore, inventory: MemoryInventory, log: Log) {
    this.#store = store;
    this.#inventory = inventory;
    this.#log = log;
    this.failed.catch(() => undefined);
    this.#running = this.#run();
  }

  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  async commit(commit: Commit): Promise<Change> {
    const change = await this.#store.commit(commit);
    await this.#shown(change.seq);
    return change;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #shown(seq: number): Promise<void> {
    if (seq <= this.#inventory.head) return Promise.resolve();
    if (this.#stop.signal.aborted) return Promise.reject(abortReason(this.#stop.signal));
    const waiting = this.#waiting.get(seq) ?? Promise.withResolvers<void>();
    this.#waiting.set(seq, waiting);
    return waiting.promise;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) await this.#follow();
    } catch (cause) {
      const fault = new Fault('unavailable', 'the inventory cannot follow the store', { cause });
      if (!signal.aborted) this.#log.fatal({ err: cause }, fault.message);
      this.#failure.reject(fault);
      this.#stop.abort(fault);
    } finally {
      for (const waiting of this.#waiting.values())
        waiting.reject(new Fault('unavailable', 'the inventory follows the store no longer'));
      this.#waiting.clear();
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const change of this.#store.watch(this.#inventory.head, signal)) {
        this.#inventory.apply(change);
        this.#waiting.get(change.seq)?.resolve();
        this.#waiting.delete(change.seq);
      }
    } catch (error) {
      if (isFault(error, 'exhausted')) {
        this.#log.warn({ head: this.#inventory.head }, 'the inventory fell behind the store');
        return;
      }
      if (!isFault(error, 'stale')) throw error;
      this.#log.warn({ head: this.#inventory.head }, 'the inventory reads everything again');
      await this.#readAgain();
    }
  }

  /** As one change: what is newer, and what is gone. */
  async #readAgain(): Promise<void> {
    const seq = await this.#store.head();
    const documents: Document[] = [];
    const there = new Map<DocumentKind, Set<string>>(heldKinds.map((kind) => [kind, new Set()]));
    await readAll(this.#store, (page, kind) => {
      documents.push(...page);
      for (const { id } of page) present(there.get(kind), kind).add(id);
    });
    const deleted = heldKinds.flatMap((kind) =>
      Array.from(this.#inventory.documents(kind), ({ id }) => ({ kind, id })).filter(
        ({ id }) => there.get(kind)?.has(id) === false,
      ),
    );
    this.#inventory.apply({ seq, documents, deleted, events: [] });
    for (const [waitingSeq, waiting] of this.#waiting) {
      if (waitingSeq > seq) continue;
      waiting.resolve();
      this.#waiting.delete(waitingSeq);
    }
  }
}
