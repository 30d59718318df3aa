/** The things that a change makes different, each once, with the strongest of what happened to it. */
import type { InventoryChange } from './inventory.ts';

type TouchedThing = InventoryChange['things'][number];
export type TouchedKind = TouchedThing['kind'];
export type How = TouchedThing['how'];

const strength: Readonly<Record<How, number>> = { sampled: 0, changed: 1, deleted: 2 };

export class Touched {
  readonly #kinds = new Map<TouchedKind, Map<string, How>>();

  add(kind: TouchedKind, id: string, how: How): void {
    let ids = this.#kinds.get(kind);
    if (ids === undefined) this.#kinds.set(kind, (ids = new Map<string, How>()));
    const before = ids.get(id);
    if (before === undefined || strength[before] < strength[how]) ids.set(id, how);
  }

  things(): readonly TouchedThing[] {
    return [...this.#kinds].flatMap(([kind, ids]) =>
      Array.from(ids, ([id, how]) => ({ kind, id, how })),
    );
  }
}
