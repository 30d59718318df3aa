/** Configuration files of vms below folders: two levels deep, as they are laid out; links are not followed. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundDefinition } from '../drivers/storage.ts';
import { readDefinitionFile } from './definition-file.ts';

const maxFiles = 20_000;

export async function findDefinitions(
  folders: readonly string[],
  signal: AbortSignal,
): Promise<FoundDefinition[]> {
  const found = new Map<string, FoundDefinition>();
  let looked = 0;
  const look = async (folder: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      looked += 1;
      if (looked > maxFiles) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) await look(path, depth - 1);
      if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
      const definition = await readDefinitionFile(path).catch(() => undefined);
      if (definition && !found.has(path)) found.set(path, { file: path, folder, definition });
    }
  };
  for (const folder of folders) await look(folder, 1);
  return [...found.values()];
}
