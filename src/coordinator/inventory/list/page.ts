/** Pages of a short list that is at hand: users, roles, grants, tokens. Long ones are Collections. */
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
  const shown = rest.slice(0, limit);
  return makePage(checked, shown, rest.length > limit, ranked.length);
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
