/**
 * The account of the operating system that the coordinator runs under where root installed it: one for each
 * installation, which owns that installation's coordinator files and nothing else (HOST-12).
 *
 * Files change hands by descriptors that were opened without following links, and only where no other name
 * leads to them: whoever had the account before cannot make root give a file of the system away.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '#lib';

const run = promisify(execFile);

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** As `Account`, for what is given back. */
export const superuser: Account = { name: 'root', uid: 0, gid: 0 };

/** Undefined where there is none of this name. */
export async function findAccount(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** Makes the account where it is missing. Errors: `unavailable`. */
export async function ensureAccount(name: string, comment: string): Promise<Account> {
  const found = await findAccount(name);
  if (found !== undefined) return found;
  const nobody = ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
  try {
    await run('useradd', ['--system', '--user-group', ...nobody, '--comment', comment, name]);
  } catch (error) {
    throw new Fault('unavailable', `cannot make the account ${name}`, { cause: error });
  }
  const made = await findAccount(name);
  if (made === undefined)
    throw new Fault('unavailable', `the account ${name} was made and is not found`);
  return made;
}

/** Errors: `unavailable`, as when a process of the account still runs. */
export async function removeAccount(name: string): Promise<void> {
  if ((await findAccount(name)) === undefined) return;
  try {
    await run('userdel', [name]);
  } catch (error) {
    throw new Fault('unavailable', `cannot remove the account ${name}`, { cause: error });
  }
}

/** Lets the account read the files of a folder, by their group; new files get that group as well. */
export async function shareFolder(path: string, account: Account): Promise<void> {
  const folder = await open(
    path,
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  );
  try {
    const inside = `/proc/self/fd/${folder.fd}`;
    for (const entry of await readdir(inside, { withFileTypes: true }))
      if (entry.isFile()) await withFile(join(inside, entry.name), (file) => share(file, 0o040));
    await share(folder, 0o2050);
  } finally {
    await folder.close();
  }

  async function share(handle: FileHandle, bits: number): Promise<void> {
    const { uid, gid, mode } = await handle.stat();
    if (gid !== account.gid) await handle.chown(uid, account.gid);
    if ((mode & bits) !== bits) await handle.chmod((mode & 0o7777) | bits);
  }
}

/**
 * Gives a folder and all in it to an account; the folder itself comes last, so that one that was cut off is
 * begun again. Links, and files with a second name, stay as they are.
 */
export async function giveFolder(path: string, account: Account): Promise<void> {
  const folder = await open(
    path,
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  );
  try {
    // What is below is reached through the open folder, which nobody can exchange any more.
    const inside = `/proc/self/fd/${folder.fd}`;
    for (const entry of await readdir(inside, { withFileTypes: true })) {
      if (entry.isDirectory()) await giveFolder(join(inside, entry.name), account);
      else if (entry.isFile())
        await withFile(join(inside, entry.name), (file) => give(file, account));
    }
    await give(folder, account);
  } finally {
    await folder.close();
  }
}

/** Leaves out what has a second name. */
async function withFile(path: string, change: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { nlink } = await file.stat();
    if (nlink === 1) await change(file);
  } finally {
    await file.close();
  }
}

async function give(handle: FileHandle, { uid, gid }: Account): Promise<void> {
  const stats = await handle.stat();
  if (stats.uid !== uid || stats.gid !== gid) await handle.chown(uid, gid);
}
