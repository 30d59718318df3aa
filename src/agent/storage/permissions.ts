/**
 * Whether files have an owner and a mode on a volume (HOST-38, SEC-50): what keeps vms from each other's files and
 * other accounts of the host from all of them. It is tried, not read off the kind of the file system: FAT and exFAT
 * keep neither, NTFS and what comes from file servers do or do not as they were mounted.
 */
import { constants, type Stats } from 'node:fs';
import { chmod, chown, mkdtemp, open, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostSettings } from '#api';
import { Fault } from '#lib';
import { nearestExisting } from './file-system.ts';

/** Neither a vm's nor the agent's. */
const nobody = 65534;
const mode = 0o710;
/** What a file system that has no such thing says to a change of it. */
const unknownThere = new Set<unknown>(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS']);

/** Of open(2), which Node.js does not name: a file without a name, of which nothing is left whatever ends meanwhile. */
const withoutName = 0o20000000 | constants.O_DIRECTORY;

/** For a folder that is there or will be. Where nothing can be made it is so: whoever writes there is told why not. */
export async function keepsPermissions(folder: string): Promise<boolean> {
  const place = await nearestExisting(folder);
  const trial = (await openNameless(place)) ?? (await makeFolder(place));
  if (trial === undefined) return true;
  try {
    const isRoot = process.getuid?.() === 0;
    await trial.chmod(mode);
    if (isRoot) await trial.chown(nobody, nobody);
    const facts = await trial.stat();
    return (facts.mode & 0o777) === mode && (!isRoot || facts.uid === nobody);
  } catch (error) {
    if (unknownThere.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  } finally {
    await trial.remove();
  }
}

interface Trial {
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  stat(): Promise<Stats>;
  remove(): Promise<void>;
}

/** Undefined where the file system has no such files. */
async function openNameless(place: string): Promise<Trial | undefined> {
  const handle = await open(place, withoutName | constants.O_RDWR).catch(() => undefined);
  if (handle === undefined) return undefined;
  return {
    chmod: (to) => handle.chmod(to),
    chown: (uid, gid) => handle.chown(uid, gid),
    stat: () => handle.stat(),
    remove: () => handle.close(),
  };
}

async function makeFolder(place: string): Promise<Trial | undefined> {
  const path = await mkdtemp(join(place, '.gantry-')).catch(() => undefined);
  if (path === undefined) return undefined;
  return {
    chmod: (to) => chmod(path, to),
    chown: (uid, gid) => chown(path, uid, gid),
    stat: () => stat(path),
    remove: () => rmdir(path),
  };
}

/** Errors: `unsupported`, unless the host's settings allow it. */
export async function requirePermissions(
  folder: string,
  settings: Pick<HostSettings, 'volumesWithoutPermissions'>,
): Promise<void> {
  if (settings.volumesWithoutPermissions === 'allow' || (await keepsPermissions(folder))) return;
  throw new Fault('unsupported', `the volume of ${folder} keeps no owners and modes of files`, {
    hint: 'choose a folder on another volume; or, where no one else uses this host: gantry host set HOST settings.volumesWithoutPermissions=allow',
  });
}
