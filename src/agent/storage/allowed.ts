/**
 * Which files of the host vms may use: those in the vm's own folder, in the folder for vms, in the host's
 * search path and among its images. Everything else of the host is out of reach, whatever a definition or
 * a link says (SEC-04).
 */
import { realpath } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { Fault } from '#lib';

/** The path with all links followed, as far as it exists. */
export async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    return resolve(
      await realPath(parent),
      path.slice(parent.length + (parent.endsWith(sep) ? 0 : 1)),
    );
  }
}

export async function isInside(path: string, folders: readonly string[]): Promise<boolean> {
  const real = await realPath(path);
  for (const folder of folders) if (liesBelow(real, await realPath(folder))) return true;
  return false;
}

/** Both with all links followed. */
export function liesBelow(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Errors: `forbidden` naming the path, with the way to allow it. */
export async function requireInside(path: string, folders: readonly string[]): Promise<void> {
  if (await isInside(path, folders)) return;
  throw new Fault('forbidden', `${path} is outside of the folders that vms may use`, {
    facts: { path },
    hint: "put it into the vm's folder, or add its folder to the search path of the host",
  });
}
