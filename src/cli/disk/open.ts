/** Opening disks for a command: format, folders in which parents may lie, who else uses the file. */
import { dirname, extname, resolve } from 'node:path';
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
  type Format,
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

/** What a descriptor of VMware calls the raw files that it is made of. */
const rawPart = /-(flat|f\d+)\.vmdk$/i;

/** The format that the name of a disk speaks of, where the disk is raw. */
export function formatInName({ name, format }: Pick<Disk, 'name' | 'format'>): Format | undefined {
  if (format !== 'raw' || rawPart.test(name)) return undefined;
  const ending = extname(name).slice(1).toLowerCase();
  return formats.find((one) => one.name !== 'raw' && one.suffixes.includes(ending));
}

/**
 * Opens a disk to be read; says so when another program may be changing it meanwhile, and when nothing but its name says what it
 * is.
 */
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
  const wanted = options.format === undefined ? formatInName(disk) : undefined;
  if (wanted !== undefined)
    run.out.note(`${disk.name} has nothing of a ${wanted.name} but the name: it is taken as raw`);
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
