/** Whether an account can reach and open a path: by owner, group and mode of it and of every folder above it. */
import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Stats } from 'node:fs';
import type { Account } from './accounts.ts';

export type Wish = 'read' | 'write' | 'search';

const bits: Readonly<Record<Wish, number>> = { read: 4, write: 2, search: 1 };

export function allows(
  stats: Pick<Stats, 'mode' | 'uid' | 'gid'>,
  account: Account,
  wish: Wish,
): boolean {
  if (account.uid === 0) return true;
  const bit = bits[wish];
  if (stats.uid === account.uid) return (stats.mode & (bit << 6)) !== 0;
  if (stats.gid === account.gid || account.groups.includes(stats.gid)) {
    return (stats.mode & (bit << 3)) !== 0;
  }
  return (stats.mode & bit) !== 0;
}

/** The first folder above the path that the account may not pass through, or undefined. */
export async function findBarrier(path: string, account: Account): Promise<string | undefined> {
  const parent = dirname(path);
  if (parent === path) return undefined;
  const above = await findBarrier(parent, account);
  if (above !== undefined) return above;
  const stats = await stat(parent).catch(() => undefined);
  return stats && !allows(stats, account, 'search') ? parent : undefined;
}

/** Whether no one at all may write it: a file that was write-protected by hand. */
export async function isWriteProtected(path: string): Promise<boolean> {
  const stats = await lstat(path);
  return (stats.mode & 0o222) === 0;
}
