/**
 * Files that are written whole or not at all: a temporary file beside the target, flushed, renamed over it,
 * and the folder flushed so that the rename itself survives a power cut.
 */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** `flushed` survives a power cut once it resolves; `cached` survives only the end of this program. */
export type Durability = 'flushed' | 'cached';

let counter = 0;

/** Errors: those of the file system; the old content stays then. */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: { readonly mode: number; readonly durability: Durability },
): Promise<void> {
  counter += 1;
  const temporary = `${path}.${process.pid}.${counter}.tmp`;
  try {
    const handle = await open(temporary, 'wx', options.mode);
    try {
      await handle.writeFile(data);
      if (options.durability === 'flushed') await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (options.durability === 'flushed') await flushFolder(dirname(path));
}

/** Makes names that were added to or taken from the folder durable. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
