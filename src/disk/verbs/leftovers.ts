/**
 * What programs that were killed have left of files that they made: hidden files that will never get their names. Whoever makes
 * a file of the same name removes them. A file that is being made is locked, so that nobody takes it for one of them.
 */
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openNodeFile } from '../file/node-file.ts';

const mark = /^[0-9a-f]{8}\.part$/;
/** For a moment a file that has just been made is not locked yet. */
const restMs = 5000;

/** What a file is called beside its place until it is complete. */
export function temporaryName(path: string): string {
  // nanoseconds tell two at once apart; random bytes would load node:crypto, which takes as long as a small disk
  const now = process.hrtime.bigint().toString(16).padStart(8, '0').slice(-8);
  return join(dirname(path), `${stemOf(path)}${now}.part`);
}

/** Removes what is left of files that were to have the name, where the host can say that nobody is at it. */
export async function removeLeftovers(path: string): Promise<void> {
  const stem = stemOf(path);
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    if (!name.startsWith(stem) || !mark.test(name.slice(stem.length))) continue;
    // one that cannot be removed is in nobody's way
    await removeLeftover(join(dirname(path), name)).catch(() => undefined);
  }
}

async function removeLeftover(path: string): Promise<void> {
  const found = await lstat(path);
  if (!found.isFile() || Date.now() - found.mtimeMs < restMs) return;
  const file = await openNodeFile(path, 'write');
  try {
    if (file.lock?.('write') === true) await rm(path);
  } finally {
    await file.close();
  }
}

function stemOf(path: string): string {
  return `.${basename(path)}.`;
}
