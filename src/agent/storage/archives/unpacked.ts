/**
 * Folders that were unpacked here, known by a list of what came out of the archive. Only what is on that list is ever removed with
 * one: what somebody has put there since stays.
 */
import { open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib';
import { flushFolder, writeFileAtomic } from '../atomic-file.ts';
import { markName, maxMembers, partsOf } from './members.ts';
import type { Unpacked } from './unpack-archive.ts';

const maxMarkBytes = 32 * 1024 * 1024;
const path = z
  .string()
  .max(1024)
  .refine((text) => isOwn(text), 'leads elsewhere');

const markSchema = z.strictObject({
  /** Id of the work that has made it. */
  work: z.string().max(64),
  archive: z.string().max(1024),
  contentBytes: z.number().int().min(0),
  files: z.array(path).max(maxMembers),
  folders: z.array(path).max(maxMembers),
});
export type Mark = z.infer<typeof markSchema>;

function isOwn(text: string): boolean {
  try {
    return partsOf(text).join('/') === text && text !== '';
  } catch {
    return false;
  }
}

/** Gives the folder its name. It has all that came out of the archive, on the disk. */
export async function placeUnpacked(
  { part, folder }: { readonly part: string; readonly folder: string },
  made: Unpacked,
  { work, archive }: Pick<Mark, 'work' | 'archive'>,
): Promise<Mark> {
  const { files, folders, contentBytes } = made;
  const mark: Mark = { work, archive, contentBytes, files: [...files], folders: [...folders] };
  const options = { mode: 0o600, durability: 'flushed' } as const;
  await writeFileAtomic(join(part, markName), JSON.stringify(mark), options);
  await rename(part, folder);
  await flushFolder(dirname(folder));
  return mark;
}

/** Undefined for a folder that was not unpacked here, and where there is none. */
export async function readMark(folder: string): Promise<Mark | undefined> {
  const file = await open(join(folder, markName), 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size > maxMarkBytes) return undefined;
    const parsed = markSchema.safeParse(JSON.parse(await file.readFile('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

/** Errors: `invalid`. */
export async function requireMark(folder: string): Promise<Mark> {
  const mark = await readMark(folder);
  if (mark !== undefined) return mark;
  throw new Fault('invalid', `${folder} is no folder that was unpacked here`, {
    hint: 'those are what gantry host unpack has made; disks are deleted one by one',
  });
}

/** Answers whether something stays that did not come out of the archive. The list goes last: cut off, it is done again. */
export async function removeUnpacked(folder: string, mark: Mark): Promise<boolean> {
  for (const file of mark.files) await rm(join(folder, file), { force: true });
  for (const inner of mark.folders.toReversed()) await rmdirEmpty(join(folder, inner));
  await rm(join(folder, markName), { force: true });
  const remains = !(await rmdirEmpty(folder));
  await flushFolder(dirname(folder));
  return remains;
}

async function rmdirEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}
