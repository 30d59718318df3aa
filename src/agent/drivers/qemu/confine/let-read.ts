/**
 * Parents that several vms have below their disks (docs/rfd/0041) belong to whoever made them. A vm reads one as everybody may,
 * or as a member of a group of bases, which a file comes to that nobody but its owner could read so far. Nothing is ever taken back:
 * what one vm needs no more others may need.
 */
import { chmod, chown, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { allows } from './access.ts';
import type { Account } from './accounts.ts';

type Owned = Pick<Stats, 'mode' | 'uid' | 'gid'>;

/** Whether it may be read, now or once it has the group. One that another group reads keeps that. */
export function canLetRead(stats: Owned, account: Account): boolean {
  return allows(stats, account, 'read') || isPrivate(stats);
}

function isPrivate({ mode, gid }: Owned): boolean {
  return (mode & 0o070) === 0 || gid === 0;
}

/** As the agent, which is root, for an account with the group of bases. A file that cannot be let be read stays as it is. */
export async function letRead(path: string, account: Account, group: number): Promise<void> {
  const stats = await stat(path);
  if (allows(stats, account, 'read') || !isPrivate(stats) || !stats.isFile()) return;
  await chown(path, stats.uid, group);
  await chmod(path, (stats.mode & 0o707) | 0o040);
}
