/** Verbs that change a disk in its place, or delete it. Interrupted at any point, the disk shows what it showed, or what was asked for. */
import { chmod, rm, stat } from 'node:fs/promises';
import {
  claimDisk,
  commitDisk,
  compactDisk,
  demandChildless,
  openDisk,
  rebaseAnew,
  rebaseDisk,
  reconnectAnew,
  reconnectDisk,
  resizeAnew,
  resizeDisk,
  wipeDisk,
} from '#disk';
import { Fault } from '#lib';
import { locateParent } from '../disk-forest.ts';
import { exists } from '../exists.ts';
import { openOther, openSource, said, type Perform } from './doing.ts';
import { protectParent } from './make-verbs.ts';

export const resizeVerb: Perform<'resize'> = async (work, doing) => {
  const { file, sizeBytes } = work;
  await using disk = await openSource(work, doing, { access: 'write' });
  await claimDisk(disk, 'resize');
  if (disk.layer.writer?.resize === undefined) await resizeAnew(disk, sizeBytes, doing);
  else await resizeDisk(disk, sizeBytes, doing.signal);
  const { format, layer } = disk;
  return { path: file, format, variant: layer.describe().variant, sizeBytes };
};

export const compactVerb: Perform<'compact'> = async (work, doing) => {
  const { file: path, freeBlocks, fixed } = work;
  await using disk = await openSource(work, doing);
  await claimDisk(disk, 'compact');
  const { format } = disk;
  const { fileBytes, gainBytes } = await compactDisk({
    ...doing,
    resume: 'possible',
    path,
    format,
    freeBlocks,
    fixed,
  });
  return { fileBytes, gainBytes };
};

/** What the child holds is in the parent before the child goes: cut off, it hides what has changed below it. */
export const commitVerb: Perform<'commit'> = async (work, doing) => {
  const { file } = work;
  if (doing.again && !(await exists(file))) return {};
  const path = await parentOf(work, doing);
  const parent =
    doing.again || work.resume ? { parent: { path, identity: 'any' as const } } : undefined;
  await using child = await openSource(work, doing, parent);
  const { mode } = await stat(path);
  await chmod(path, mode | 0o200);
  try {
    const format = child.parent?.format;
    await using below = await openOther(path, doing, { format, access: 'write' });
    await claimDisk(below, 'commit into');
    await commitDisk(child, below, doing);
  } catch (error) {
    await chmod(path, mode);
    throw error;
  }
  if (work.child === 'delete') await rm(file);
  else await protectParent(path);
  return {};
};

/** Where the parent of the disk is, whatever its identity. Errors: `not-found`. */
export const parentOf = async (
  work: Parameters<typeof openSource>[0],
  doing: Parameters<typeof openSource>[1],
): Promise<string> => {
  await using disk = await openSource(work, doing, { parent: 'none' });
  const path = await locateParent(disk, doing.store);
  if (path !== null) return path;
  throw new Fault('not-found', `${work.file} has no parent that can be found`, {
    hint: 'reconnect it with its parent first',
  });
};

export const rebaseVerb: Perform<'rebase'> = async (work, doing) => {
  await using disk = await openSource(work, doing, { access: 'write' });
  await using parent = await openOther(work.parent, doing, said(work.parentFormat));
  await claimDisk(disk, 'rebase');
  const isInPlace = disk.layer.writer?.setParent !== undefined;
  const { copiedBytes } = isInPlace
    ? await rebaseDisk(disk, parent, doing)
    : await rebaseAnew(disk, parent, doing);
  await protectParent(work.parent);
  return { copiedBytes };
};

export const reconnectVerb: Perform<'reconnect'> = async (work, doing) => {
  const { file, parent: path } = work;
  await using disk = await openSource(work, doing, { access: 'write', parent: 'none' });
  const recorded = disk.layer.parentReference?.format;
  const format = recorded ?? work.parentFormat ?? doing.formatOf(path);
  await using parent = await openOther(path, doing, { format });
  await claimDisk(disk, 'reconnect');
  if (disk.layer.writer?.setParent !== undefined) await reconnectDisk(disk, parent);
  else {
    const named = { path, format: parent.format };
    const { store } = doing;
    // The layer gets a new identity, by which no child would know it.
    await demandChildless(file, 'reconnect', { store, signal: doing.signal });
    await using child = await openDisk({ path: file, store, format: disk.format, parent: named });
    await reconnectAnew(child, doing);
  }
  await protectParent(path);
  return {};
};

export const wipeVerb: Perform<'wipe'> = async (work, doing) => {
  await using disk = await openSource(work, doing, { access: 'write' });
  await claimDisk(disk, 'wipe');
  await wipeDisk(disk, doing);
  return {};
};

export const deleteVerb: Perform<'delete'> = async ({ file }) => {
  await rm(file, { force: true });
  return {};
};
