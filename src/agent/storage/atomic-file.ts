/**
 * Files that are written whole or not at all: a temporary file beside the target, flushed, renamed over it,
 * and the folder flushed so that the rename itself survives a power cut.
 *
 * Names of temporary files are chance: what a killed program left behind is in nobody's way until
 * `sweepTemporaries` removes it.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** `flushed` survives a power cut once it resolves; `cached` survives only the end of this program. */
export type Durability = 'flushed' | 'cached';

const temporaryName = /\.[0-9a-f]{16}\.tmp$/;

/** Errors: those of the file system; the old content stays then. */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: { readonly mode: number; readonly durability: Durability },
): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
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

/** Removes what killed programs left in the folder. To be called while nobody writes into it. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (temporaryName.test(name)) await rm(join(folder, name), { force: true });
  }
}

/** Makes the content of a file durable. */
export async function flushFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
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
