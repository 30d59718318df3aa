/**
 * All things of one kind as the API shows them, and pages of them. A view is made when it is first asked
 * for and kept until something of it changes; filters and orders that are asked for again are kept too
 * and follow the changes, so that a page of fifty thousand things costs about as much as the page.
 *
 * Fields that change by themselves with time (a running time) are read anew for what is shown. A filter by
 * one is worked out for the request alone; a sort by one is a sort by the field it comes from (the start),
 * turned around, so that pages fit together although time passes between them.
 */
import type { Page } from '#api';
import { present } from '#lib';
import type { Place } from './cursor.ts';
import type { ThingTable } from '../inventory.ts';
import { Matches } from './matches.ts';
import { Order, type OrderSource } from './order.ts';
import { makePage } from './page.ts';
import { checkQuery, matcher, type CheckedQuery, type Listed, type PlainQuery } from './query.ts';
import { writeSort, type SortField } from './sort.ts';

const maxFilters = 16;
const maxOrders = 6;

export interface CollectionOptions<V> extends Listed {
  /** The view as it is kept. */
  readonly make: (id: string) => V | undefined;
  /** Brings a kept view up to date with the clock. */
  readonly refresh: (view: V) => V;
  /** Paths below which fields change with every sample. */
  readonly sampled: readonly string[];
  /** Fields that change with time alone, each with one that does not and gives the opposite order. */
  readonly timed: readonly { readonly field: string; readonly opposite: string }[];
}

/** Whether the thing may be seen; undefined: all may. */
export type Visible = ((id: string) => boolean) | undefined;

interface Kept<T> {
  readonly value: T;
  readonly sampled: boolean;
}

export class Collection<V extends { readonly id: string }> implements ThingTable<V> {
  readonly #options: CollectionOptions<V>;
  readonly #slotOf = new Map<string, number>();
  readonly #ids: (string | undefined)[] = [];
  readonly #views: (V | undefined)[] = [];
  readonly #stamps: number[] = [];
  #version = 0;
  readonly #free: number[] = [];
  readonly #filters = new Map<string, Kept<Matches>>();
  readonly #orders = new Map<string, Kept<Order>>();
  readonly #source: OrderSource;

  constructor(options: CollectionOptions<V>) {
    this.#options = options;
    this.#source = {
      slots: () => this.#slotOf.values(),
      id: (slot) => this.#ids[slot],
      view: (slot) => this.#viewAt(slot),
    };
  }

  get size(): number {
    return this.#slotOf.size;
  }

  add(id: string): void {
    if (this.#slotOf.has(id)) return this.touch(id, 'changed');
    const slot = this.#free.pop() ?? this.#ids.length;
    this.#slotOf.set(id, slot);
    this.#ids[slot] = id;
    this.#views[slot] = undefined;
    this.#forget(slot, 'changed');
  }

  remove(id: string): void {
    const slot = this.#slotOf.get(id);
    if (slot === undefined) return;
    this.#slotOf.delete(id);
    this.#ids[slot] = undefined;
    this.#views[slot] = undefined;
    this.#free.push(slot);
    this.#forget(slot, 'changed');
  }

  /** Something of the thing is different; `sampled`: only what passes. */
  touch(id: string, how: 'changed' | 'sampled'): void {
    const slot = this.#slotOf.get(id);
    if (slot === undefined) return;
    this.#views[slot] = undefined;
    this.#forget(slot, how);
  }

  get(id: string): V | undefined {
    const slot = this.#slotOf.get(id);
    if (slot === undefined) return undefined;
    // Kept, so that who asks again within the second gets the same one.
    return (this.#views[slot] = this.#options.refresh(this.#viewAt(slot)));
  }

  /** All of them in no order, without what time alone has changed. */
  *all(): Generator<V, void, undefined> {
    for (const slot of this.#slotOf.values()) yield this.#viewAt(slot);
  }

  get version(): number {
    return this.#version;
  }

  get places(): number {
    return this.#ids.length;
  }

  stampAt(place: number): number {
    return this.#stamps[place] ?? 0;
  }

  idAt(place: number): string | undefined {
    return this.#ids[place];
  }

  viewAt(place: number): V | undefined {
    return this.#ids[place] === undefined ? undefined : this.#viewAt(place);
  }

  placeOf(id: string): number | undefined {
    return this.#slotOf.get(id);
  }

  /** Errors: `invalid` naming what is wrong with the query. */
  page(query: PlainQuery, visible: Visible): Page<V> {
    const checked = checkQuery(this.#options, query);
    const order = this.#order(checked);
    const test = this.#test(checked);
    const slots = order.slots();
    const start = checked.after === undefined ? 0 : order.indexAfter(checked.after);
    const shown: (Place & { readonly item: V })[] = [];
    let more = false;
    let total = 0;
    let toSkip = checked.skip;
    for (let index = 0; index < slots.length; index += 1) {
      const slot = slots[index] ?? 0;
      if (test !== undefined && !test(slot)) continue;
      if (visible !== undefined && !visible(this.#ids[slot] ?? '')) continue;
      total += 1;
      if (index < start) continue;
      if (toSkip > 0) toSkip -= 1;
      else if (shown.length < checked.limit) {
        const item = this.#options.refresh(this.#viewAt(slot));
        shown.push({ ...order.place(slot), item });
      } else more = true;
    }
    return makePage(checked, shown, more, total);
  }

  #viewAt(slot: number): V {
    let view = this.#views[slot];
    if (view === undefined) {
      const id = present(this.#ids[slot], `${this.#options.kind} of slot ${slot}`);
      view = present(this.#options.make(id), `${this.#options.kind} ${id}`);
      this.#views[slot] = view;
    }
    return view;
  }

  #forget(slot: number, how: 'changed' | 'sampled'): void {
    if (how === 'changed') this.#stamps[slot] = this.#version += 1;
    for (const { value, sampled } of this.#filters.values())
      if (sampled || how === 'changed') value.forget(slot);
    for (const { value, sampled } of this.#orders.values())
      if (sampled || how === 'changed') value.forget(slot);
  }

  /** Whether the filter takes the thing in a slot; undefined: it takes all. */
  #test({ filter }: CheckedQuery): ((slot: number) => boolean) | undefined {
    if (filter === undefined) return undefined;
    const { sampled, timed, refresh } = this.#options;
    const timedFields = timed.map(({ field }) => field);
    if (filter.paths.some((path) => isBelow(path, timedFields))) {
      const match = matcher(filter);
      return (slot) => match(refresh(this.#viewAt(slot)));
    }
    const matches = keep(this.#filters, maxFilters, filter.text, () => ({
      value: new Matches(matcher(filter)),
      sampled: filter.paths.some((path) => isBelow(path, sampled)),
    }));
    return (slot) => matches.known(slot) ?? matches.decide(slot, this.#viewAt(slot));
  }

  #order({ sort }: CheckedQuery): Order {
    const { sampled, timed } = this.#options;
    const stable = sort.map((field): SortField => {
      const found = timed.find((one) => one.field === field.path.join('.'));
      if (found === undefined) return field;
      const direction = field.direction === 'up' ? 'down' : 'up';
      return { path: found.opposite.split('.'), direction };
    });
    return keep(this.#orders, maxOrders, writeSort(stable), () => ({
      value: new Order(stable, this.#source),
      sampled: stable.some(({ path }) => isBelow(path, sampled)),
    }));
  }
}

/** Those used longest ago go first: a map is in the order of insertion. */
function keep<T>(map: Map<string, Kept<T>>, max: number, key: string, make: () => Kept<T>): T {
  const found = map.get(key) ?? make();
  map.delete(key);
  map.set(key, found);
  if (map.size > max) map.delete(map.keys().next().value ?? '');
  return found.value;
}

/** Whether the path is one of these, below or above one. */
function isBelow(path: readonly string[], those: readonly string[]): boolean {
  const text = `${path.join('.')}.`;
  return those.some((that) => text.startsWith(`${that}.`) || `${that}.`.startsWith(text));
}
