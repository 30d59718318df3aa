/**
 * Writing operations down. Every write is on the condition that this coordinator still runs them (the
 * lease's epoch) and that nobody has changed the document meanwhile; in the second case the change is
 * made anew on what is there now.
 */
import { Fault, isFault, isoTime, present, type Clock } from '#lib';
import type { Coordinator } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Commit } from '../store/store.ts';
import { LeaseLost, type Holding } from './lease-keeper.ts';

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
        ...(holding === undefined ? [] : [{ lease: 'operations', epoch: holding.epoch }]),
        { kind: 'operation' as const, id, version: found.version },
        ...(along?.conditions ?? []),
      ];
      const writes = [
        { kind: 'operation' as const, id, data: operation },
        ...(along?.writes ?? []),
      ];
      try {
        await commit({ conditions, writes, events: along?.events ?? [] });
        return;
      } catch (error) {
        if (!isFault(error, 'stale')) throw error;
        if ('lease' in error.facts) throw new LeaseLost();
      }
    }
    throw new Fault('stale', `operation ${id} was changed ${maxAttempts} times in a row`);
  }
}
