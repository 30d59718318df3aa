/** Opening disks for a command: format, folders in which parents may lie, who else uses the file. */
import { dirname, resolve } from 'node:path';
import {
  demandChildless,
  demandUnused,
  formats,
  hostStore,
  isInUse,
  openDisk,
  type Disk,
  type FileChoices,
  type FileStore,
  type OpenOptions,
} from '#disk';
import type { Run } from '../command.ts';

export const sourceOptions = {
  format: {
    type: 'text',
    value: 'FORMAT',
    meaning: 'the format of the disk; its content decides when absent',
    words: formats.map((format) => format.name),
  },
  allow: {
    type: 'list',
    value: 'DIR',
    meaning: 'a folder in which its parents may lie, beside its own; may be repeated',
  },
} as const;

export interface SourceValues {
  readonly format?: string | undefined;
  readonly allow?: readonly string[] | undefined;
}

/** Files of this machine; what they name must lie in the folder of the disk or in one that was allowed. */
export function storeFor(
  path: string,
  options: SourceValues,
  choices: FileChoices = {},
): FileStore {
  const { allow = [] } = options;
  return hostStore(allow.length === 0 ? [] : [dirname(resolve(path)), ...allow], choices);
}

/** Opens a disk to be read; says so when another program may be changing it meanwhile. */
export async function openSource(
  run: Pick<Run, 'out'>,
  path: string,
  options: SourceValues,
  more: Partial<OpenOptions> = {},
): Promise<Disk> {
  const disk = await openDisk({
    path: resolve(path),
    store: storeFor(path, options),
    format: options.format,
    ...more,
  });
  for (const { name, layer } of disk.chain()) {
    if (!(await isInUse(layer.file))) continue;
    run.out.note(`${name} is in use by another program: what is read may change meanwhile`);
  }
  return disk;
}

export interface ChangeOptions extends SourceValues {
  /** For the message: `compact`, `resize`. */
  readonly doing: string;
  /** Children that are to go with the change. */
  readonly except?: readonly string[];
}

/** Faults: `refused` when a program uses the disk, or when other disks in its folder are made from it. */
export async function demandChangeable(
  run: Pick<Run, 'signal'>,
  path: string,
  { doing, except = [], ...options }: ChangeOptions,
): Promise<void> {
  await demandUnused(path, doing);
  const { allow = [] } = options;
  await demandChildless(resolve(path), doing, {
    store: storeFor(path, options),
    folders: [dirname(resolve(path)), ...allow],
    signal: run.signal,
    except,
  });
}
