/** The options of every list command, and walking through its pages. */
import type { CallOutput, RouteName } from '#api';
import { Fault } from '#lib';
import type { Run, Values } from './command.ts';

export const listOptions = {
  filter: {
    type: 'text',
    short: 'f',
    value: 'FILTER',
    meaning: 'for example: state = running AND name : web',
  },
  sort: {
    type: 'text',
    value: 'FIELDS',
    meaning: 'field names with commas; a hyphen in front turns one around',
  },
  limit: { type: 'number', short: 'n', value: 'COUNT', meaning: 'at most this many' },
} as const;

export interface ListRequest {
  readonly limit: number | undefined;
  readonly query: Readonly<Record<string, unknown>>;
}

const page = 500;

/** Errors: `invalid` for a limit that is no count: nothing found would be said of what was not looked for. */
export function listQuery(options: Values<typeof listOptions>): ListRequest {
  const { limit } = options;
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1))
    throw new Fault('invalid', `--limit ${limit} is not a count of 1 or more`);
  return {
    limit,
    query: {
      filter: options.filter,
      sort: options.sort,
      limit: Math.min(limit ?? page, page),
    },
  };
}

type ItemOf<N extends RouteName> =
  CallOutput<N> extends { readonly items: readonly (infer I)[] } ? I : never;

/** All items, or the first `limit`. */
export async function collect<N extends RouteName>(
  run: Pick<Run, 'client' | 'signal'>,
  name: N,
  request: ListRequest,
): Promise<readonly ItemOf<N>[]> {
  const items: ItemOf<N>[] = [];
  for await (const item of run.client.list(name, request.query, run.signal)) {
    items.push(item as ItemOf<N>);
    if (request.limit !== undefined && items.length >= request.limit) break;
  }
  return items;
}
