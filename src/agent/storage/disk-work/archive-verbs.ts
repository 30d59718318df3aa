/** Verbs on archives with vms of other products: unpacked into a folder of their own, which can be deleted whole. */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileKindOf } from '#foreign';
import { Fault } from '#lib';
import { unpackArchive } from '../archives/unpack-archive.ts';
import { placeUnpacked, readMark, removeUnpacked, type Mark } from '../archives/unpacked.ts';
import { exists } from '../exists.ts';
import type { Perform } from './doing.ts';
import { restOf } from './rests.ts';

const maxConfigurations = 100;

export const unpackVerb: Perform<'unpack'> = async (work, doing) => {
  const { target: folder, upload, sha256 } = work;
  const { id, signal, onProgress, uploads } = doing;
  const known = await readMark(folder);
  if (known === undefined && (await exists(folder))) throw taken(folder);
  if (known !== undefined && known.work !== id) throw taken(folder);
  const make = async (): Promise<Mark> => {
    const archive =
      upload === undefined
        ? work.file
        : await uploads.whole(upload, { file: work.file, sha256 }, signal);
    const part = restOf(folder, id);
    const made = await unpackArchive({ archive, folder: part, signal, onProgress });
    return await placeUnpacked({ part, folder }, made, { work: id, archive: work.file });
  };
  const mark = known ?? (await make());
  if (work.archive === 'delete')
    await (upload === undefined ? rm(work.file, { force: true }) : uploads.stop(upload));
  return describe(folder, mark);
};

function describe(
  path: string,
  { files, contentBytes }: Mark,
): {
  readonly path: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly configurations: string[];
} {
  const found = files.filter(
    (file) => fileKindOf(basename(file))?.kind === 'configuration' && !file.startsWith('__MACOSX/'),
  );
  const configurations = found.slice(0, maxConfigurations).map((file) => join(path, file));
  return { path, files: files.length, sizeBytes: contentBytes, configurations };
}

function taken(folder: string): Fault {
  return new Fault('exists', `${folder} is there already`, {
    hint: 'choose another name; a vm that was unpacked there is imported with: gantry vm import',
  });
}

export const deleteUnpackedVerb: Perform<'delete-unpacked'> = async ({ file: folder }) => {
  const mark = await readMark(folder);
  // An earlier run of the same work has done it; whether it was one is judged before.
  if (mark === undefined) return { remains: await exists(folder) };
  return { remains: await removeUnpacked(folder, mark) };
};
