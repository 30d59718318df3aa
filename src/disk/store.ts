/**
 * Where disk files come from. A store opens files by path and decides which a file may lead to: names
 * found inside files are resolved here and nowhere else, and never leave the folders allowed.
 */
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { Fault } from '#lib';
import type { Access, DiskFile } from './file/disk-file.ts';
import { hostFault, openNodeFile, type FileChoices } from './file/node-file.ts';
import { maxNameBytes } from './limits.ts';

export interface FileStore {
  open(path: string, access: Access): Promise<DiskFile>;
  /**
   * The path that a name found in the file at `from` means. Faults: `forbidden` when it leads outside,
   * `not-found` when nothing is there; a store may have its own reasons for `refused`, after which no other name is tried.
   */
  locate(from: string, name: string): Promise<string>;
}

/** A name as found in a file, with `/` between folders; Windows drives and URL schemes are taken off. */
export function portableName(name: string): string {
  let text = name.replaceAll('\\', '/');
  if (/^file:\/\//i.test(text)) {
    text = text.replace(/^file:\/\/(localhost)?/i, '');
    try {
      text = decodeURIComponent(text);
    } catch {
      // not percent-encoded after all: taken as it stands
    }
  }
  return text.replace(/^\/?[a-z]:(?=\/)/i, '');
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * The host's files. Names inside a file may lead to files in the allowed folders and below; without any, to
 * the folder of the file itself and below. Symbolic links count as where they lead.
 */
export function hostStore(
  allowedFolders: readonly string[] = [],
  choices: FileChoices = {},
): FileStore {
  return {
    open: (path, access) => openNodeFile(path, access, choices),
    async locate(from, name) {
      if (name === '' || name.includes('\0') || Buffer.byteLength(name) > maxNameBytes) {
        throw new Fault('invalid', `${from} names a file in a way that cannot be followed`);
      }
      try {
        const home = dirname(await realpath(from));
        const folders = await Promise.all(
          (allowedFolders.length === 0 ? [home] : allowedFolders).map((f) => realpath(f)),
        );
        const path = await realpath(resolve(home, portableName(name)));
        if (!folders.some((folder) => isWithin(folder, path))) {
          throw new Fault('forbidden', `${from} leads to ${name}, which is outside its folder`, {
            facts: { file: from, name },
            hint: 'allow the folder, or name the parent yourself',
          });
        }
        return path;
      } catch (error) {
        throw hostFault(name, 'find', error);
      }
    },
  };
}

/** Files in memory, by path: for tests and for what is not yet on a disk. */
export function memoryStore(files: ReadonlyMap<string, DiskFile>): FileStore {
  return {
    open(path) {
      const file = files.get(path);
      if (file !== undefined) return Promise.resolve(file);
      return Promise.reject(new Fault('not-found', `cannot open ${path}`));
    },
    locate(from, name) {
      const path = resolve('/', dirname(from), portableName(name));
      if (files.has(path)) return Promise.resolve(path);
      return Promise.reject(new Fault('not-found', `cannot find ${name}`));
    },
  };
}
