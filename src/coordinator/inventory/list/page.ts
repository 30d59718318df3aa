/** Pages of a list that is at hand: users, roles, grants, networks. Long ones are Collections. */
import type { Page } from '#api';
import { writeCursor, type Place } from './cursor.ts';
import { pickFields } from './pick.ts';
import { checkQuery, matcher, type CheckedQuery, type Listed, type PlainQuery } from './query.ts';
import { compareKeys, sortKey, type SortField } from './sort.ts';

interface Ranked<T> extends Place {
  readonly item: T;
}

/** Errors: `invalid` naming what is wrong with the query. */
export function pageOf<T extends { readonly id: string }>(
  listed: Listed,
  items: Iterable<T>,
  query: PlainQuery,
): Page<T> {
  const checked = checkQuery(listed, query);
  const { shown, more, total } = choose(items, checked);
  return makePage(checked, shown, more, total);
}

/** Things of which a part is at hand, and the whole costs something. */
export interface Outlined<O, T> {
  readonly outlines: Iterable<O>;
  /** The top fields of T that an outline has, with the same values. */
  readonly fields: ReadonlySet<string>;
  readonly complete: (outline: O) => T;
}

/**
 * The same, where only what is on the page is made whole, unless filter or sort ask for more than outlines have.
 * Errors: as above.
 */
export function pageOfOutlined<
  O extends { readonly id: string },
  T extends { readonly id: string },
>(listed: Listed, { outlines, fields, complete }: Outlined<O, T>, query: PlainQuery): Page<T> {
  const checked = checkQuery(listed, query);
  const paths = [...(checked.filter?.paths ?? []), ...checked.sort.map(({ path }) => path)];
  if (!paths.every(([top = '']) => fields.has(top)))
    return pageOf(listed, Iterator.from(outlines).map(complete), query);
  const { shown, more, total } = choose(outlines, checked);
  const whole = shown.map(({ item, ...place }) => ({ ...place, item: complete(item) }));
  return makePage(checked, whole, more, total);
}

interface Chosen<T> {
  readonly shown: readonly Ranked<T>[];
  /** Whether there are others behind them. */
  readonly more: boolean;
  /** Of all that match. */
  readonly total: number;
}

function choose<T extends { readonly id: string }>(
  items: Iterable<T>,
  checked: CheckedQuery,
): Chosen<T> {
  const matches = matcher(checked.filter);
  const ranked: Ranked<T>[] = [];
  for (const item of items) {
    if (!matches(item)) continue;
    const keys = checked.sort.map(({ path }) => sortKey(item, path));
    ranked.push({ item, id: item.id, keys });
  }
  ranked.sort((a, b) => comparePlaces(a, b, checked.sort));
  const { after, limit, skip } = checked;
  const rest = (
    after === undefined
      ? ranked
      : ranked.filter((one) => comparePlaces(one, after, checked.sort) > 0)
  ).slice(skip);
  return { shown: rest.slice(0, limit), more: rest.length > limit, total: ranked.length };
}

/** The items as the query wants them, with the cursor behind the last one where there are more. */
export function makePage<T>(
  query: CheckedQuery,
  shown: readonly (Place & { readonly item: T })[],
  more: boolean,
  total: number,
): Page<T> {
  const { fields, name } = query;
  const last = shown.at(-1);
  return {
    // A choice of fields leaves a part of T; its reader asked for it.
    items: shown.map(({ item }) => (fields === undefined ? item : (pickFields(item, fields) as T))),
    nextCursor: more && last !== undefined ? writeCursor(name, last) : null,
    total,
  };
}

export function comparePlaces(a: Place, b: Place, sort: readonly SortField[]): number {
  for (const [index, { direction }] of sort.entries()) {
    const order = compareKeys(a.keys[index] ?? null, b.keys[index] ?? null, direction);
    if (order !== 0) return order;
  }
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
