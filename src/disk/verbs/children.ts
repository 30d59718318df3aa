/**
 * The children of a disk: files in its folder (or others) that name it as their parent. They are why a disk may not be
 * changed, since what they do not hold themselves is read from it.
 */
import { opendir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { abortReason, Fault } from '#lib';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';

/** Files looked at in one folder. */
const maxFiles = 10_000;

export interface ChildrenOptions {
  readonly store: FileStore;
  /** Where to look; the folder of the disk when absent. Folders below them are not entered. */
  readonly folders?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Paths of the children, in the order of their names. What is not a disk, or is damaged, is not a child. */
export async function findChildren(
  path: string,
  options: ChildrenOptions,
): Promise<readonly string[]> {
  const { store, folders = [dirname(path)] } = options;
  const file = await store.open(path, 'read');
  const { identity } = file;
  await file.close();
  const found: string[] = [];
  for (const folder of folders) {
    let looked = 0;
    for await (const entry of await opendir(folder)) {
      if (options.signal?.aborted) throw abortReason(options.signal);
      looked += 1;
      if (looked > maxFiles) {
        throw new Fault('too-large', `${folder} has more than ${maxFiles} files to look through`);
      }
      const candidate = join(folder, entry.name);
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      if (await namesAsParent(candidate, identity, store)) found.push(candidate);
    }
  }
  return found.toSorted();
}

async function namesAsParent(
  candidate: string,
  identity: string,
  store: FileStore,
): Promise<boolean> {
  try {
    await using disk = await openDisk({ path: candidate, store, parent: 'none' });
    for (const name of disk.layer.parentReference?.names ?? []) {
      const path = await store.locate(candidate, name).catch(() => undefined);
      if (path === undefined) continue;
      // the first name that leads somewhere is the one that is followed
      const file = await store.open(path, 'read');
      await file.close();
      return file.identity === identity;
    }
    return false;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** Faults: `refused` naming the children, of which those in `except` do not count. */
export async function demandChildless(
  path: string,
  doing: string,
  options: ChildrenOptions & { readonly except?: readonly string[] },
): Promise<void> {
  const { except = [] } = options;
  const children = (await findChildren(path, options)).filter((child) => !except.includes(child));
  if (children.length === 0) return;
  throw new Fault('refused', `cannot ${doing} ${path}: other disks are made from it`, {
    facts: { file: path, children },
    reasons: children.map((child) => ({
      code: 'disk-has-child',
      text: `${child} reads from it`,
      remedy: 'merge, rebase or delete it first',
    })),
  });
}
