/** The links through which QEMU finds shared folders (`shareLinkPath` of #qemu), in the vm's runtime folder. */
import { mkdir, realpath, rm, symlink } from 'node:fs/promises';
import { shareLinkPath } from '#qemu';
import type { SharedFolder } from '#api';
import { shareSpec } from '../spec/machine-spec.ts';

/** The folder has been judged. Errors: those of the file system where it is gone since. */
export async function linkShare(linksPath: string, share: SharedFolder): Promise<void> {
  await unlinkShare(linksPath, share);
  await mkdir(linksPath, { recursive: true, mode: 0o755 });
  const path = await realpath(share.hostPath);
  await symlink(path, shareLinkPath({ linksPath }, shareSpec(share)));
}

export async function unlinkShare(linksPath: string, share: SharedFolder): Promise<void> {
  await rm(shareLinkPath({ linksPath }, shareSpec(share)), { force: true });
}
