/** What vms of other products can be imported from, among the files of this host: told by name, not by what is in it. */
import { lstat } from 'node:fs/promises';
import { archiveStem, maxImportSources, type ImportSource, type ImportSources } from '#api';
import { fileKindOf } from '#foreign';
import { findFiles } from './find-files.ts';

const maxPathLength = 1024;

export async function listImportSources(
  folders: readonly string[],
  signal: AbortSignal,
): Promise<ImportSources> {
  const { paths, complete } = await findFiles({
    folders,
    isWanted: (path) => path.length <= maxPathLength && kindOf(path) !== undefined,
    maxFiles: maxImportSources,
    signal,
  });
  const sources: ImportSource[] = [];
  for (const path of [...paths].sort()) {
    signal.throwIfAborted();
    const kind = kindOf(path);
    const stats = await lstat(path).catch(() => undefined);
    if (kind !== undefined && stats !== undefined)
      sources.push({ path, kind, sizeBytes: stats.size });
  }
  return { sources, complete };
}

function kindOf(path: string): ImportSource['kind'] | undefined {
  if (archiveStem(path) !== undefined) return 'archive';
  return fileKindOf(path)?.kind === 'configuration' ? 'configuration' : undefined;
}
