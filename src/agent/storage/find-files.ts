/** Files below folders: two levels deep, as vms are laid out; links are not followed, and hidden files are left out. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const maxEntries = 50_000;

export interface Search {
  readonly folders: readonly string[];
  readonly isWanted: (path: string) => boolean;
  readonly maxFiles: number;
  readonly signal: AbortSignal;
}

export interface FoundFiles {
  readonly paths: ReadonlySet<string>;
  /** False: there are more than were looked at. */
  readonly complete: boolean;
}

/** Folders that are not there, or may not be read, have no files. */
export async function findFiles(search: Search): Promise<FoundFiles> {
  const { folders, isWanted, maxFiles, signal } = search;
  const paths = new Set<string>();
  let looked = 0;
  const look = async (folder: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      looked += 1;
      if (looked > maxEntries || paths.size >= maxFiles) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) await look(path, depth - 1);
      if (entry.isFile() && !entry.name.startsWith('.') && isWanted(path)) paths.add(path);
    }
  };
  for (const folder of folders) await look(folder, 1);
  return { paths, complete: looked <= maxEntries && paths.size < maxFiles };
}
