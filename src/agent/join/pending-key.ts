/**
 * The key of a join that is not over: the coordinator gives the answer to a one-time token again, but only
 * to the key that it was first used with. So the key is on disk before the token is sent, and stays until
 * the host's credentials are.
 */
import { createPrivateKey } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushFolder, writeFileAtomic } from '../storage/atomic-file.ts';
import { makePrivateKey } from './signing-request.ts';

/** The key that is kept there, or a new one that is kept from now on. PKCS #8, PEM. */
export async function keepPendingKey(path: string): Promise<string> {
  const kept = await readPendingKey(path);
  if (kept !== undefined && isKey(kept)) return kept;
  const made = makePrivateKey();
  await writeFileAtomic(path, made, { mode: 0o600, durability: 'flushed' });
  return made;
}

export async function removePendingKey(path: string): Promise<void> {
  await rm(path, { force: true });
  await flushFolder(dirname(path));
}

async function readPendingKey(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}
