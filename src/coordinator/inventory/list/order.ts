/**
 * The slots of a collection in the order of a sort, kept up to date: what has changed is taken out at its
 * old place and put in at its new one, so that an order costs as much as has changed, not as much as there
 * is. Where much has changed, all of it is merged in at once.
 */
import type { Place } from './cursor.ts';
import { compareKeys, sortKey, type SortField, type SortKey } from './sort.ts';

export interface OrderSource {
  /** Slots in use, in any order. */
  slots(): Iterable<number>;
  /** The thing's id and view; undefined when the slot is free. */
  id(slot: number): string | undefined;
  view(slot: number): unknown;
}

/** Up to so many changes are moved one by one, and up to such a share of all. */
const maxMoves = 64;
const maxShare = 1 / 4;

export class Order {
  readonly #sort: readonly SortField[];
  readonly #source: OrderSource;
  /** One column of keys per field, by slot; and the ids that the keys were made for. */
  readonly #columns: SortKey[][];
  #ids: (string | undefined)[] = [];
  #slots: number[] | undefined;
  readonly #changed = new Set<number>();

  constructor(sort: readonly SortField[], source: OrderSource) {
    this.#sort = sort;
    this.#source = source;
    this.#columns = sort.map(() => []);
  }

  forget(slot: number): void {
    this.#changed.add(slot);
  }

  /** All slots in order. */
  slots(): readonly number[] {
    if (this.#slots === undefined) {
      const slots = [...this.#source.slots()];
      for (const slot of slots) this.#readKeys(slot);
      this.#slots = slots.sort((a, b) => this.#compare(a, b));
    } else if (this.#changed.size > Math.min(maxMoves, this.#slots.length * maxShare))
      this.#slots = this.#merge(this.#slots);
    else for (const slot of this.#changed) this.#move(this.#slots, slot);
    this.#changed.clear();
    return this.#slots;
  }

  /** Index of the first slot behind the place. */
  indexAfter(place: Place): number {
    const slots = this.slots();
    return firstIndex(slots, (slot) => this.#compareWithPlace(slot, place) > 0);
  }

  place(slot: number): Place {
    return {
      keys: this.#columns.map((column) => column[slot] ?? null),
      id: this.#ids[slot] ?? '',
    };
  }

  /** From where its old keys say it is to where its new ones do. */
  #move(slots: number[], slot: number): void {
    const old = firstIndex(slots, (other) => this.#compare(other, slot) >= 0);
    if (slots[old] === slot) slots.splice(old, 1);
    if (this.#source.id(slot) === undefined) return;
    this.#readKeys(slot);
    slots.splice(
      firstIndex(slots, (other) => this.#compare(other, slot) > 0),
      0,
      slot,
    );
  }

  #merge(slots: readonly number[]): number[] {
    const stay = slots.filter((slot) => !this.#changed.has(slot));
    const come: number[] = [];
    for (const slot of this.#changed) {
      if (this.#source.id(slot) === undefined) continue;
      this.#readKeys(slot);
      come.push(slot);
    }
    come.sort((a, b) => this.#compare(a, b));
    const merged: number[] = [];
    let next = 0;
    for (const slot of stay) {
      for (let one = come[next]; one !== undefined && this.#compare(one, slot) < 0;) {
        merged.push(one);
        next += 1;
        one = come[next];
      }
      merged.push(slot);
    }
    for (; next < come.length; next += 1) merged.push(come[next] ?? 0);
    return merged;
  }

  #readKeys(slot: number): void {
    const view = this.#source.view(slot);
    this.#ids[slot] = this.#source.id(slot);
    for (const [index, { path }] of this.#sort.entries()) {
      const column = this.#columns[index];
      if (column !== undefined) column[slot] = sortKey(view, path);
    }
  }

  #compare(a: number, b: number): number {
    for (let index = 0; index < this.#sort.length; index += 1) {
      const column = this.#columns[index];
      const direction = this.#sort[index]?.direction ?? 'up';
      const order = compareKeys(column?.[a] ?? null, column?.[b] ?? null, direction);
      if (order !== 0) return order;
    }
    return compareIds(this.#ids[a] ?? '', this.#ids[b] ?? '');
  }

  #compareWithPlace(slot: number, place: Place): number {
    for (let index = 0; index < this.#sort.length; index += 1) {
      const direction = this.#sort[index]?.direction ?? 'up';
      const key = this.#columns[index]?.[slot] ?? null;
      const order = compareKeys(key, place.keys[index] ?? null, direction);
      if (order !== 0) return order;
    }
    return compareIds(this.#ids[slot] ?? '', place.id);
  }
}

/** Index of the first slot for which it holds; it holds for all behind that one. */
function firstIndex(slots: readonly number[], holds: (slot: number) => boolean): number {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(slots[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
