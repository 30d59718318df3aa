/**
 * Writing operations down. Every write is on the condition that this coordinator still runs them (the
 * lease's epoch) and that nobody has changed the document meanwhile; in the second case the change is
 * made anew on what is there now.
 */
import { Fault, isFault, isoTime, present, type Clock } from '#lib';
import type { Coordinator } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Commit, Change as StoredChange } from '../store/store.ts';
import { leaseName, LeaseLost, type Holding } from './lease-keeper.ts';

const maxAttempts = 20;

export type RecordsContext = Pick<Coordinator, 'commit' | 'inventory'> & { readonly clock: Clock };

/** The document after a change, with what is written along with it. */
export interface Change {
  readonly operation: OperationDocument;
  readonly along?: Commit;
}

export class Records {
  readonly #context: RecordsContext;

  constructor(context: RecordsContext) {
    this.#context = context;
  }

  get(id: string): OperationDocument {
    const found = this.#context.inventory.document<OperationDocument>('operation', id);
    return present(found, `operation ${id}`).data;
  }

  time(): string {
    return isoTime(this.#context.clock.now());
  }

  /** Commits on the condition that the lease is still held. Errors: LeaseLost; those of the store. */
  async commit(one: Commit, { epoch }: Holding): Promise<StoredChange> {
    const conditions = [{ lease: leaseName, epoch }, ...(one.conditions ?? [])];
    try {
      return await this.#context.commit({ ...one, conditions });
    } catch (error) {
      if (isFault(error, 'stale') && 'lease' in error.facts) throw new LeaseLost();
      throw error;
    }
  }

  /**
   * Changes the operation under the lease, or without one where `holding` is undefined (a cancel may come
   * from anybody). `build` may answer undefined: nothing to change. Errors: LeaseLost; those of `build`.
   */
  async change(
    id: string,
    holding: Holding | undefined,
    build: (operation: OperationDocument, time: string) => Change | undefined,
  ): Promise<void> {
    const { inventory, commit } = this.#context;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const found = present(inventory.document<OperationDocument>('operation', id), id);
      const change = build(found.data, this.time());
      if (change === undefined || change.operation === found.data) return;
      const { operation, along } = change;
      const conditions = [
        { kind: 'operation' as const, id, version: found.version },
        ...(along?.conditions ?? []),
      ];
      const writes = [
        { kind: 'operation' as const, id, data: operation },
        ...(along?.writes ?? []),
      ];
      try {
        const whole = { conditions, writes, events: along?.events ?? [] };
        await (holding === undefined ? commit(whole) : this.commit(whole, holding));
        return;
      } catch (error) {
        if (!isFault(error, 'stale')) throw error;
      }
    }
    throw new Fault('stale', `operation ${id} was changed ${maxAttempts} times in a row`);
  }
}
