/**
 * Disks of a vm that comes from another hypervisor of this computer, and goes back: which files they are, and whose (docs/rfd/0034).
 *
 * Invariant: only files in the folders that vms may use are looked at or given away, and a link is never followed.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { FileOwner, LinkResult } from '#api';
import { isFault, type Reason } from '#lib';
import { requireInside } from './allowed.ts';

const nanos = 1_000_000_000n;

/** Of files that are there; what keeps vms from the others are reasons. */
export async function lookAtFiles(
  files: readonly string[],
  folders: readonly string[],
): Promise<LinkResult<'machine.handover.look'>> {
  const reasons: Reason[] = [];
  const owners: FileOwner[] = [];
  const seen: LinkResult<'machine.handover.look'>['files'] = [];
  for (const file of files) {
    const absent = { file, changed: null };
    try {
      await requireInside(file, folders);
    } catch (error) {
      if (!isFault(error, 'forbidden')) throw error;
      const { message: text, hint: remedy } = error;
      reasons.push({ code: 'folder', text, ...(remedy === undefined ? {} : { remedy }) });
      seen.push(absent);
      continue;
    }
    await using handle = await openHere(file);
    const stats = await handle?.stat({ bigint: true });
    if (stats === undefined || !stats.isFile()) {
      seen.push(absent);
      continue;
    }
    const { ctimeNs, uid, gid, mode } = stats;
    const rest = String(ctimeNs % nanos).padStart(9, '0');
    seen.push({ file, changed: `${ctimeNs / nanos}.${rest}` });
    owners.push({ file, uid: Number(uid), gid: Number(gid), mode: Number(mode) & 0o777 });
  }
  return { files: seen, owners, reasons };
}

/** Errors: `forbidden`; those of the file system. */
export async function giveBackFiles(
  owners: readonly FileOwner[],
  folders: readonly string[],
): Promise<void> {
  for (const { file, uid, gid, mode } of owners) {
    await requireInside(file, folders);
    await using handle = await openHere(file);
    const stats = await handle?.stat();
    if (handle === undefined || stats?.isFile() !== true) continue;
    if (process.getuid?.() === 0) await handle.chown(uid, gid);
    await handle.chmod(mode);
  }
}

/** Undefined where there is no file of that name. */
async function openHere(file: string): Promise<FileHandle | undefined> {
  try {
    // Without waiting: a pipe of that name would wait for a writer.
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
