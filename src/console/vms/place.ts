/** Where one is in the list of vms, as the address says it. */
export interface VmsPlace {
  readonly filter?: string;
  /** As the API takes it: a field, with a hyphen in front when turned around. */
  readonly sort?: string;
  readonly cursor?: string;
  /** Number of vms before this page, for the count that is shown. */
  readonly before?: number;
  readonly create?: true;
}

const text = (value: unknown, maxLength: number): string | undefined => {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const written = String(value);
  return written !== '' && written.length <= maxLength ? written : undefined;
};

/** What is not understood is left out. */
export function parseVmsPlace(search: Readonly<Record<string, unknown>>): VmsPlace {
  const filter = text(search['filter'], 2000);
  const sort = text(search['sort'], 200);
  const cursor = text(search['cursor'], 2000);
  const before = search['before'];
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(sort === undefined ? {} : { sort }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(cursor !== undefined && typeof before === 'number' && before > 0 ? { before } : {}),
    ...(search['create'] === true ? { create: true } : {}),
  };
}
