/** How far back graphs go. The choice is in the address. */
const hourMs = 3_600_000;

const dayMs = 24 * hourMs;

export const ranges = {
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
  year: 365 * dayMs,
} as const;
export type Range = keyof typeof ranges;

/** Between two times below a graph. */
export const ticksMs: Readonly<Record<Range, number>> = {
  hour: hourMs / 6,
  day: 4 * hourMs,
  week: dayMs,
  month: 5 * dayMs,
  year: 60 * dayMs,
};
export const rangeNames = Object.keys(ranges) as readonly Range[];

export function parseRange(search: Readonly<Record<string, unknown>>): { readonly range?: Range } {
  const range = rangeNames.find((known) => known === search['range']);
  return range === undefined || range === 'hour' ? {} : { range };
}
