/**
 * Files of a vm whose guest works, on its way to another host (docs/rfd/0042): those that its process writes are made anew there,
 * all others are carried before.
 */
import type { GatheredDisk } from '#api';
import type { LeavingFile } from '../drivers/files.ts';
import type { Departing, WrittenTop } from '../drivers/hand-over.ts';
import { resolveFile } from '../drivers/qemu/places.ts';
import type { MachineFile } from '../machine/record.ts';

export interface SplitFiles {
  readonly carried: readonly LeavingFile[];
  readonly written: readonly LeavingFile[];
}

export function splitWritten(
  { folder }: Pick<MachineFile, 'folder'>,
  files: readonly LeavingFile[],
  tops: readonly WrittenTop[],
  written: readonly string[],
): SplitFiles {
  const paths = new Set([...tops.map(({ file }) => resolveFile(folder, file)), ...written]);
  const isWritten = ({ source }: LeavingFile): boolean =>
    paths.has(source) ||
    // Logs that were put aside have a number.
    paths.has(source.replace(/\.\d+$/, '')) ||
    written.some((path) => path.endsWith('/') && `${source}/`.startsWith(path));
  return {
    carried: files.filter((file) => !isWritten(file)),
    written: files.filter(isWritten),
  };
}

/** The same of a machine whose process is asked; of one that has none all are carried. */
export async function splitLeaving(
  file: MachineFile,
  files: readonly LeavingFile[],
  departing: Departing | undefined,
): Promise<SplitFiles> {
  if (departing === undefined) return { carried: files, written: [] };
  return splitWritten(file, files, await departing.tops(), departing.written());
}

/** As they are named on the other host: what is gathered has another name there. */
export function topsThere(
  { folder }: Pick<MachineFile, 'folder'>,
  tops: readonly WrittenTop[],
  gathered: readonly GatheredDisk[],
): readonly WrittenTop[] {
  const there = (file: string): string => {
    const path = resolveFile(folder, file);
    return gathered.find(({ from }) => from === path)?.to ?? file;
  };
  return tops.map((top) => ({ ...top, disk: there(top.disk), file: there(top.file) }));
}
