/**
 * What a disk that is served consists of and is made from (docs/rfd/0041): read once, when a machine gets it, and compared with that
 * whenever its file is followed again. A guest's process may have written any name into it since.
 *
 * Invariant: nothing is changed.
 */
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { openDisk, type Disk as OpenDisk, type FileStore } from '#disk';
import { Fault } from '#lib';
import { resolveFile } from '../drivers/qemu/places.ts';
import {
  maxServedFiles,
  type SealedFile,
  type ServedChain,
} from '../machine/layers/served-chain.ts';
import { liesBelow, realPath } from './allowed.ts';
import type { DiskFile } from './child-disk.ts';
import { fileIdentity } from './file-identity.ts';
import { refusedForOther, type OtherChain } from './other-chain.ts';
import { readSeal } from './read-seal.ts';
import { filesOf } from './served-layers.ts';

/** `store`: leads to no file that this vm may not have; null for one that is not there. Errors: as `openDisk`; `too-large`; `unsupported` for what is no regular file. */
export async function readServedChain(
  { path, format }: DiskFile,
  folder: string,
  store: FileStore,
): Promise<Omit<ServedChain, 'disk'> | null> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return null;
  await using disk = await openDisk({ path, format, store });
  const [own, ...parents] = disk.chain();
  if (own === undefined) return null;
  const home = await realPath(folder);
  const nameOf = async (file: string): Promise<string> => {
    const real = await realPath(file);
    if (!(await stat(real)).isFile())
      throw new Fault('unsupported', `${path} leads to ${file}, which is no regular file`);
    return liesBelow(real, home) ? relative(home, real) : real;
  };
  const sealed = async (file: string): Promise<SealedFile> => ({
    file: await nameOf(file),
    seal: await readSeal(file),
  });
  const count = [own, ...parents].reduce((sum, one) => sum + filesOf(one).length, 0);
  if (count > maxServedFiles)
    throw new Fault('too-large', `${path} is made of more than ${maxServedFiles} files`);
  return {
    parts: await Promise.all(partsOf(own).map(nameOf)),
    parents: await Promise.all(
      parents.map(async (parent) => ({
        ...(await sealed(parent.name)),
        format: parent.format,
        parts: await Promise.all(partsOf(parent).map(sealed)),
      })),
    ),
  };
}

/** Of a disk, without the file that names them. */
function partsOf(disk: OpenDisk): readonly string[] {
  return filesOf(disk).filter((file) => file !== disk.name);
}

/** Where an open disk is made of other files than the record has; `own` is the disk itself, without layers on it. */
export async function findOtherChain(
  own: OpenDisk,
  folder: string,
  { parts, parents }: Omit<ServedChain, 'disk'>,
): Promise<OtherChain | undefined> {
  const [first, ...below] = own.chain();
  if (first === undefined) return undefined;
  const found = [partsOf(first), ...below.map((one) => [one.name, ...partsOf(one)])];
  const known = [
    parts,
    ...parents.map((one) => [one.file, ...one.parts.map(({ file }) => file)]),
  ].map((files) => files.map((file) => resolveFile(folder, file)));
  const [now, before] = [found.flat(), known.flat()];
  const [nowIds, beforeIds] = [await identitiesOf(found), await identitiesOf(known)];
  if (JSON.stringify(nowIds) === JSON.stringify(beforeIds)) return undefined;
  const [nowAll, beforeAll] = [nowIds.flat(), beforeIds.flat()];
  return {
    path: own.name,
    added: now.filter((_, index) => !beforeAll.includes(nowAll[index] ?? '')),
    missing: before.filter((_, index) => !nowAll.includes(beforeAll[index] ?? '')),
  };
}

function identitiesOf(files: readonly (readonly string[])[]): Promise<string[][]> {
  return Promise.all(files.map((list) => Promise.all(list.map(fileIdentity))));
}

/** As its own file says it, all followed. Errors: `refused` with the reason `disk-parent` where the record has other files; as `openDisk`. */
export async function requireSameChain(
  { path, format }: DiskFile,
  folder: string,
  chain: Omit<ServedChain, 'disk'>,
  store: FileStore,
): Promise<void> {
  await using disk = await openDisk({ path, format, store });
  const other = await findOtherChain(disk, folder, chain);
  if (other !== undefined) throw refusedForOther(other);
}
