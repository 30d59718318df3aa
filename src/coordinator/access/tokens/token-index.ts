/** Tokens by the hash of their secret, kept up to date with the inventory. */
import type { TokenDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';

export class TokenIndex implements Disposable {
  readonly #inventory: Inventory;
  readonly #idByHash = new Map<string, string>();
  readonly #hashById = new Map<string, string>();
  readonly #stop: () => void;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    this.#stop = inventory.onChange((change) => {
      for (const { kind, id } of change.things) if (kind === 'token') this.#take(id);
    });
    for (const { id } of inventory.documents('token')) this.#take(id);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  find(secretHash: string): Document<TokenDocument> | undefined {
    const id = this.#idByHash.get(secretHash);
    return id === undefined ? undefined : this.#inventory.document<TokenDocument>('token', id);
  }

  #take(id: string): void {
    const known = this.#hashById.get(id);
    const now = this.#inventory.document<TokenDocument>('token', id)?.data.secretHash;
    if (known === now) return;
    if (known !== undefined) {
      this.#idByHash.delete(known);
      this.#hashById.delete(id);
    }
    if (now !== undefined) {
      this.#idByHash.set(now, id);
      this.#hashById.set(id, now);
    }
  }
}
