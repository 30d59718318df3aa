/** A list's query, checked against the schema of what is listed. */
import type { z } from 'zod';
import { compileFilter, parseFilter, type Filter, type ListQuery } from '#api';
import { Fault } from '#lib';
import { nameQuery, readCursor, type Place } from './cursor.ts';
import { checkFilter, resolvePath } from './paths.ts';
import { fieldTree, parseFields, type FieldTree } from './pick.ts';
import { parseSort, writeSort, type SortField } from './sort.ts';

export interface FilterPart {
  readonly text: string;
  readonly filter: Filter;
  readonly paths: readonly (readonly string[])[];
}

export interface CheckedQuery {
  readonly filter: FilterPart | undefined;
  readonly sort: readonly SortField[];
  /** Names kind, filter and sort; what a cursor belongs to. */
  readonly name: string;
  readonly fields: FieldTree | undefined;
  readonly limit: number;
  readonly after: Place | undefined;
  /** Things to pass over, counted from `after`. */
  readonly skip: number;
}

export interface Listed {
  readonly kind: string;
  readonly schema: z.core.$ZodType;
  /** The sort of a query that names none. */
  readonly defaultSort: string;
}

export type PlainQuery = Pick<ListQuery, 'limit'> & {
  readonly [P in 'filter' | 'sort' | 'fields' | 'cursor']?: string | undefined;
} & { readonly skip?: number | undefined };

/** Errors: `invalid` naming what is wrong with filter, sort, fields or cursor. */
export function checkQuery({ kind, schema, defaultSort }: Listed, query: PlainQuery): CheckedQuery {
  const sort = parseSort(query.sort ?? defaultSort);
  for (const { path } of sort)
    if (resolvePath(schema, path, 'sort') === 'parts')
      throw new Fault('invalid', `sort: "${path.join('.')}" has parts and no order`, {
        hint: 'name one of its parts',
      });
  const filter = query.filter === undefined ? undefined : checkFilterPart(schema, query.filter);
  const name = nameQuery(kind, query.filter ?? '', writeSort(sort));
  const fields = query.fields === undefined ? undefined : parseFields(query.fields);
  for (const path of fields ?? []) resolvePath(schema, path, 'fields');
  return {
    filter,
    sort,
    name,
    fields: fields && fieldTree(fields),
    limit: query.limit,
    after: query.cursor === undefined ? undefined : readCursor(name, query.cursor, sort.length),
    skip: query.skip ?? 0,
  };
}

function checkFilterPart(schema: z.core.$ZodType, text: string): FilterPart {
  const filter = parseFilter(text);
  return { text, filter, paths: checkFilter(schema, filter) };
}

export function matcher(filter: FilterPart | undefined): (thing: unknown) => boolean {
  return filter === undefined ? () => true : compileFilter(filter.filter);
}
