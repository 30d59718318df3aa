/**
 * Files of a vm belong to its account and to nobody else (HOST-39, SEC-47): the folder 0700, files 0600.
 * A disk that several vms share belongs to the group they have in common. What linked clones stand on has a name in the
 * folder of each of them and belongs to the agent: each vm may read it there, and none may let itself write it
 * (docs/rfd/0019). Only where the agent is root.
 */
import { chmod, chown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './accounts.ts';

/** Files that are nobody's but the agent's. */
const ofAgent = /\.(json|log|log\.1|tmp|part)$/;

/** Links are left alone: what they lead to is not in the folder. */
export async function ownFolder(folder: string, account: Account): Promise<void> {
  await chown(folder, account.uid, account.gid);
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await ownFolder(path, account);
    else if (entry.isFile() && !ofAgent.test(entry.name)) await ownFile(path, account);
  }
}

/** A file that a vm gets while it runs: one of the agent's becomes its own, one of another vm's stays that one's. */
export async function giveFile(path: string, account: Account): Promise<void> {
  const { uid } = await lstat(path);
  if (uid === process.getuid?.()) await ownFile(path, account);
}

export async function ownFile(path: string, account: Account, shared?: number): Promise<void> {
  const stats = await lstat(path);
  const writable = (stats.mode & 0o222) !== 0;
  if (stats.nlink > 1 && !writable) {
    await chown(path, 0, 0);
    await chmod(path, 0o444);
    return;
  }
  const gid = shared ?? account.gid;
  if (stats.uid !== account.uid || stats.gid !== gid) await chown(path, account.uid, gid);
  const all = shared === undefined ? 0o600 : 0o660;
  await chmod(path, writable ? all : all & 0o440);
}
