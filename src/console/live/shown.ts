/** The things whose figures pages show now: of those alone the server is asked to tell them. */
import type { QueryClient } from '@tanstack/react-query';
import { maxSampledThings } from '#api';

/** Where a thing of the kind has its figures. A list that was read without them does not show them. */
const figuresIn: Readonly<Record<string, string>> = { vm: 'status', host: 'load' };

/** Their ids with commas, in order; undefined where they are more than can be named. */
export function shownThings(queries: QueryClient): string | undefined {
  const ids = new Set<string>();
  for (const { queryKey, state } of queries.getQueryCache().findAll({ type: 'active' })) {
    const [kind = '', verb] = String(queryKey[0]).split('.');
    const field = figuresIn[kind];
    if (field === undefined) continue;
    const found = verb === 'list' ? itemsOf(state.data) : verb === 'show' ? [state.data] : [];
    for (const thing of found)
      if (typeof thing === 'object' && thing !== null && 'id' in thing && field in thing)
        ids.add(String(thing.id));
  }
  return ids.size > maxSampledThings ? undefined : [...ids].sort().join(',');
}

function itemsOf(data: unknown): readonly unknown[] {
  const found: unknown = typeof data === 'object' && data !== null && 'items' in data && data.items;
  return Array.isArray(found) ? found : [];
}
