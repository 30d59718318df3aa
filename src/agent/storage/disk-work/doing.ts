/** What the functions of the verbs are given, and how they open disks. */
import type { DiskAnswer, DiskVerb, DiskWork } from '#api';
import type { Uploads } from '../uploads/uploads.ts';
import { openDisk, type Disk, type FileStore, type OpenOptions, type Progress } from '#disk';

export type WorkOf<V extends DiskVerb> = Extract<DiskWork, { readonly verb: V }>;

export interface Doing {
  /** Of the work, the same each time it is asked for. */
  readonly id: string;
  /** Follows names of parents within the folders of the host. */
  readonly store: FileStore;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** An agent that has ended since may have done it, or begun it. */
  readonly again: boolean;
  /** Formats that settings of vms say; those files are never probed. */
  readonly formatOf: (path: string) => string | undefined;
  /** What lies below files that are read, where they are a vm's. */
  readonly parentOf: (path: string) => OpenOptions['parent'];
  /** Files that have come to the host under no name yet. */
  readonly uploads: Pick<Uploads, 'finish' | 'whole' | 'stop'>;
}

export type Perform<V extends DiskVerb> = (work: WorkOf<V>, doing: Doing) => Promise<DiskAnswer<V>>;

/** The disk that the work is about. */
export function openSource(
  { file, sourceFormat }: { readonly file: string; readonly sourceFormat?: string | undefined },
  { store, formatOf, parentOf }: Doing,
  more: Partial<OpenOptions> = {},
): Promise<Disk> {
  const format = sourceFormat ?? formatOf(file);
  return openDisk({ path: file, store, format, parent: parentOf(file), ...more });
}

/** Another one that it names. */
export function openOther(
  path: string,
  { store, formatOf, parentOf }: Doing,
  more: Partial<OpenOptions> = {},
): Promise<Disk> {
  return openDisk({ path, store, format: formatOf(path), parent: parentOf(path), ...more });
}

/** The format that was said for another disk, which counts for more than the settings of a vm; nothing where none was. */
export const said = (format: string | undefined): Pick<OpenOptions, 'format'> =>
  format === undefined ? {} : { format };
