/** Where one is in a list, as the address says it. */
export interface ListPlace {
  readonly filter?: string;
  /** As the API takes it: a field, with a hyphen in front when turned around. */
  readonly sort?: string;
}

const text = (value: unknown, maxLength: number): string | undefined => {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const written = String(value);
  return written !== '' && written.length <= maxLength ? written : undefined;
};

/** What is not understood is left out. */
export function parseListPlace(search: Readonly<Record<string, unknown>>): ListPlace {
  const filter = text(search['filter'], 2000);
  const sort = text(search['sort'], 200);
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(sort === undefined ? {} : { sort }),
  };
}
