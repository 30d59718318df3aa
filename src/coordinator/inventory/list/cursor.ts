/**
 * Where a page ended: the sort keys and the id of its last thing. The next page begins behind that place,
 * whether or not the thing is still there, so that what stays where it is, is neither shown twice nor left
 * out. A cursor belongs to one query and says so.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '#lib';
import { maxSortFields, type SortKey } from './sort.ts';

export interface Place {
  readonly keys: readonly SortKey[];
  readonly id: string;
}

const cursorSchema = z.strictObject({
  q: z.string().max(16),
  k: z.array(z.union([z.string().max(200), z.number(), z.null()])).max(maxSortFields),
  i: z.string().min(1).max(256),
});

/** A short name for a query: kind, filter and sort. */
export function nameQuery(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 8);
}

export function writeCursor(query: string, place: Place): string {
  return Buffer.from(JSON.stringify({ q: query, k: place.keys, i: place.id })).toString(
    'base64url',
  );
}

/** Errors: `invalid` for a text that is no cursor or belongs to another query. */
export function readCursor(query: string, text: string, keys: number): Place {
  const refuse = (why: string): Fault =>
    new Fault('invalid', `the cursor ${why}`, {
      hint: 'take nextCursor of the page before, with the same filter and sort; or begin without one',
    });
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (cause) {
    throw new Fault('invalid', 'the cursor is damaged', { cause, hint: refuse('').hint });
  }
  const parsed = cursorSchema.safeParse(json);
  if (!parsed.success || parsed.data.k.length !== keys) throw refuse('is damaged');
  if (parsed.data.q !== query) throw refuse('belongs to another list');
  return { keys: parsed.data.k, id: parsed.data.i };
}
