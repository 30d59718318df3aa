/** What the address of the summary says: filter and order of the running vms, and how far back graphs go. */
import { parseRange, type Range } from '../graphs/ranges.ts';
import { parseListPlace, type ListPlace } from '../list/place.ts';

export type SummaryPlace = ListPlace & { readonly range?: Range };

export function parseSummaryPlace(search: Readonly<Record<string, unknown>>): SummaryPlace {
  return { ...parseListPlace(search), ...parseRange(search) };
}
