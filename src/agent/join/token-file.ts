/** The file with the one-time tokens that hosts join with: one per line and host. */
import { lstat, readFile, rm } from 'node:fs/promises';
import { Fault } from '#lib';

/** The token of the host with that index; where there are fewer, the last. Errors: `invalid`. */
export async function readToken(path: string | undefined, index: number): Promise<string> {
  const text = path === undefined ? process.env['GANTRY_JOIN_TOKEN'] : await readTokens(path);
  const tokens = splitTokens(text ?? '');
  const token = tokens[index] ?? tokens.at(-1);
  if (token !== undefined) return token;
  throw new Fault('invalid', 'this host has not joined and has no token to join with', {
    hint: 'make one with: gantry host join-token, and give it with --token-file',
  });
}

/**
 * Removes a file whose tokens are all spent: each of its lines is that of a host that has joined. Left
 * alone: another user's file, and what is no plain file. Answers whether it was removed.
 */
export async function removeSpentTokens(
  path: string,
  isJoined: (index: number) => boolean,
): Promise<boolean> {
  const text = await readTokens(path);
  if (text === undefined || !splitTokens(text).every((_, index) => isJoined(index))) return false;
  // Another host of this process may have removed it meanwhile.
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile() || found.uid !== process.getuid?.()) return false;
  await rm(path, { force: true });
  return true;
}

async function readTokens(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function splitTokens(text: string): string[] {
  return text.split(/[\s,]+/).filter((token) => token !== '');
}
