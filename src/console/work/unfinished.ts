/** How what is under way is asked for: how much it is, and the newest of it. */
import type { Narrowed } from '../frame/narrowed.ts';
import { allOf } from '../list/all-of.ts';

const filter = 'state = pending OR state = running OR state = cancelling';

export function unfinishedOn(narrowed: Narrowed | undefined): {
  readonly filter: string;
  readonly sort: '-createdAt';
  readonly limit: 1;
} {
  const on = narrowed && `hostId = "${narrowed.id}"`;
  return { filter: allOf(filter, on) ?? filter, sort: '-createdAt', limit: 1 };
}
