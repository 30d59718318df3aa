/**
 * What disks that are served (docs/rfd/0027) consist of and are made from, as the record of a machine keeps it from the moment
 * at which it gets them (docs/rfd/0041): their files say it themselves, and a guest's process may have written these since.
 *
 * Invariants: (1) all but the disk's own file and its parts is borrowed: it has a seal, and nobody writes it; (2) of a disk
 * without an entry nobody could tell it yet. Pure.
 */
import { z } from 'zod';
import { isNative, type Disk } from '#api';
import { fileName, sealSchema, type Seal } from './seal.ts';

/** Files of one disk, parents and parts together. */
export const maxServedFiles = 4096;

const sealedSchema = z.strictObject({ file: fileName, seal: sealSchema });

export const servedChainSchema = z.strictObject({
  /** The disk's own file. This and all others as the definition names disks. */
  disk: fileName,
  /** Further files that it consists of, which the machine writes as it writes that one. */
  parts: z.array(fileName).max(maxServedFiles),
  /** The nearest first. */
  parents: z
    .array(
      sealedSchema.extend({
        /** As the disk library calls it. */
        format: z.string().max(32),
        /** Further files that it consists of. */
        parts: z.array(sealedSchema).max(maxServedFiles),
      }),
    )
    .max(128),
});
export type ServedChain = z.infer<typeof servedChainSchema>;

interface Kept {
  readonly served?: readonly ServedChain[] | undefined;
}

export function isServed(disk: Pick<Disk, 'kind' | 'format'>): boolean {
  return disk.kind === undefined && !isNative(disk);
}

/** Undefined where nobody could tell it yet, and of a disk that QEMU opens itself. */
export function servedChainOf(
  { served }: Kept,
  { file }: Pick<Disk, 'file'>,
): ServedChain | undefined {
  return served?.find(({ disk }) => disk === file);
}

/** Whether there is a disk of which that is still to be told. */
export function isAnyServedUntold(
  layers: Kept,
  disks: readonly Pick<Disk, 'file' | 'kind' | 'format'>[],
): boolean {
  return disks.some((disk) => isServed(disk) && servedChainOf(layers, disk) === undefined);
}

/** With these alone. */
export function withServed<L extends Kept>(layers: L, served: readonly ServedChain[]): L {
  const { served: _, ...rest } = layers;
  // Without any it is what a record was before there were such.
  return (served.length === 0 ? rest : { ...rest, served: [...served] }) as L;
}

/** With what was read of a disk in the place of what was known of it; without that: nobody could tell it. */
export function putServed<L extends Kept>(layers: L, file: string, chain: ServedChain | null): L {
  const others = (layers.served ?? []).filter(({ disk }) => disk !== file);
  return withServed(layers, chain === null ? others : [...others, chain]);
}

/** Without those of disks that the machine no longer has. */
export function keepServed<L extends Kept>(
  layers: L,
  disks: readonly Pick<Disk, 'file' | 'kind' | 'format'>[],
): L {
  const { served = [] } = layers;
  const kept = served.filter((one) =>
    disks.some((disk) => disk.file === one.disk && isServed(disk)),
  );
  return kept.length === served.length ? layers : withServed(layers, kept);
}

export interface SealedFile {
  readonly file: string;
  readonly seal: Seal;
}

/** What nobody is to write: the parents, each with its parts. */
export function borrowedOf({ parents }: Pick<ServedChain, 'parents'>): readonly SealedFile[] {
  return parents.flatMap(({ file, seal, parts }) => [{ file, seal }, ...parts]);
}

/** All of it, the disk's own file first. */
export function filesOfChain(chain: ServedChain): readonly string[] {
  return [chain.disk, ...chain.parts, ...borrowedOf(chain).map(({ file }) => file)];
}

/** With these files under their new names. */
export function renameServed<L extends Kept>(layers: L, names: ReadonlyMap<string, string>): L {
  if (layers.served === undefined) return layers;
  const put = (file: string): string => names.get(file) ?? file;
  const putAll = (files: readonly SealedFile[]): SealedFile[] =>
    files.map((one) => ({ ...one, file: put(one.file) }));
  return withServed(
    layers,
    layers.served.map(({ disk, parts, parents }) => ({
      disk: put(disk),
      parts: parts.map(put),
      parents: parents.map((one) => ({ ...one, file: put(one.file), parts: putAll(one.parts) })),
    })),
  );
}
