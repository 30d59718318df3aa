/** Makes an empty disk that is like another one in all but its content: what a copy is made into that takes its place. */
import { basename, dirname, join } from 'node:path';
import { rm } from 'node:fs/promises';
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import type { DiskFile } from '../file/disk-file.ts';
import { hostFault, openNodeFile } from '../file/node-file.ts';
import type { Twin } from '../layer.ts';
import { publishFile, syncFile, syncFolder } from './create.ts';

/** Its files, absolute, where the first of them has that path; that one last. Faults: `unsupported` where none can be made. */
export function twinFiles(disk: Disk, path: string): readonly string[] {
  return twinOf(disk)
    .files(basename(path))
    .map((name) => join(dirname(path), name));
}

/**
 * Whole or not at all; until it is whole the first file has the suffix `.part`, and takes the place of what an attempt that was
 * cut off has left of that name. Faults: `unsupported` where none can be made; `exists`, `exhausted`.
 */
export async function makeTwin(disk: Disk, path: string): Promise<void> {
  const twin = twinOf(disk);
  const temporary = `${path}.part`;
  await rm(temporary, { force: true });
  const made: string[] = [];
  const createFile = async (place: string): Promise<DiskFile> => {
    const file = await openNodeFile(place, 'create');
    made.push(place);
    return file;
  };
  try {
    await using file = closing(await createFile(temporary));
    await twin.layOut(file.file, {
      name: basename(path),
      createNeighbour: (name) => createFile(join(dirname(path), basename(name))),
    });
    for (const one of made) await syncFile(one);
    await publishFile(temporary, path, 'keep');
    await syncFolder(dirname(path));
  } catch (error) {
    for (const one of made) await rm(one, { force: true });
    throw hostFault(path, 'create', error);
  }
}

function closing(file: DiskFile): AsyncDisposable & { readonly file: DiskFile } {
  return { file, [Symbol.asyncDispose]: () => file.close() };
}

function twinOf({ name, format, layer }: Disk): Twin {
  if (layer.twin !== undefined) return layer.twin;
  const { variant } = layer.describe();
  throw new Fault('unsupported', `${name}: no empty disk is made like a ${variant} ${format}`);
}
