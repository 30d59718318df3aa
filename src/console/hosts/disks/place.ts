/** Where one is in the pages of virtual disks, as the address says it. */
export const diskBeginnings = ['dynamic', 'fixed', 'differencing', 'floppy', 'inspect'] as const;
/** What is begun from the navigation: a disk of that type, or a look at one. */
export type DiskBeginning = (typeof diskBeginnings)[number];

export interface DisksPlace {
  /** Its id; the first one where it is left out. */
  readonly host?: string;
  readonly begin?: DiskBeginning;
}

const text = (value: unknown, maxLength: number): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= maxLength ? value : undefined;

/** What is not understood is left out. */
export function parseDisksPlace(search: Readonly<Record<string, unknown>>): DisksPlace {
  const host = text(search['host'], 100);
  const begin = diskBeginnings.find((known) => known === search['begin']);
  return {
    ...(host === undefined ? {} : { host }),
    ...(begin === undefined ? {} : { begin }),
  };
}

export interface InnerPlace {
  readonly host: string;
  /** The disk, by its path on the host. */
  readonly file: string;
  readonly partition?: number;
  readonly path?: string;
}

export function parseInnerPlace(search: Readonly<Record<string, unknown>>): InnerPlace {
  const partition = Number(search['partition'] ?? Number.NaN);
  const path = text(search['path'], 2048);
  return {
    host: text(search['host'], 100) ?? '',
    file: text(search['file'], 1024) ?? '',
    ...(Number.isInteger(partition) && partition >= 0 && partition <= 999 ? { partition } : {}),
    ...(path === undefined ? {} : { path }),
  };
}
