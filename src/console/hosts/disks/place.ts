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

/** Where one is inside a disk; without both it is the whole disk. */
interface Inside {
  readonly partition?: number;
  readonly path?: string;
}

/** In a disk file or an image of a host. */
export interface DiskPlace extends Inside {
  readonly host: string;
  /** The disk, by its path on the host. */
  readonly file: string;
}

/** In a disk as it is in a snapshot of a vm. */
export interface SnapshotPlace extends Inside {
  readonly vm: string;
  readonly snapshot: string;
  /** Its place in the vm; the only one where it is left out. */
  readonly disk?: string;
}

export type InnerPlace = DiskPlace | SnapshotPlace;

export function isOfSnapshot(place: InnerPlace): place is SnapshotPlace {
  return 'snapshot' in place;
}

/** In the same disk. */
export function elsewhere<P extends InnerPlace>(place: P, partition: number, path: string): P {
  return { ...place, partition, path };
}

export function wholeDisk(place: InnerPlace): InnerPlace {
  const { partition: _partition, path: _path, ...disk } = place;
  return disk;
}

export function parseInnerPlace(search: Readonly<Record<string, unknown>>): InnerPlace {
  const partition = Number(search['partition'] ?? Number.NaN);
  const path = text(search['path'], 2048);
  const inside: Inside = {
    ...(Number.isInteger(partition) && partition >= 0 && partition <= 999 ? { partition } : {}),
    ...(path === undefined ? {} : { path }),
  };
  const vm = text(search['vm'], 100);
  const snapshot = text(search['snapshot'], 100);
  const disk = text(search['disk'], 32);
  if (vm !== undefined && snapshot !== undefined)
    return { vm, snapshot, ...(disk === undefined ? {} : { disk }), ...inside };
  return {
    host: text(search['host'], 100) ?? '',
    file: text(search['file'], 1024) ?? '',
    ...inside,
  };
}
