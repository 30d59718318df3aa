/** Folders for other products: made beside those of vms, never over what exists. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { convertDisk } from '#disk';
import { Fault } from '#lib';
import type { HandOutFiles } from '../drivers/files.ts';
import { resolveFile } from '../drivers/qemu/places.ts';
import { requireInside } from './allowed.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { beginsWith, packFiles } from './archives/pack-files.ts';
import { storeOf } from './child-disk.ts';
import { exists } from './exists.ts';
import { openRecorded } from './recorded-chain.ts';
import { readSigningKey, sealNames, sealPackage, type SigningKey } from './packages/seal.ts';

/** `folders`: those in which files of a vm may be, whose own is given. */
export function makeHandOutFiles(folders: (own?: string) => readonly string[]): HandOutFiles {
  return {
    async isThere({ folder, configuration, package: packed }) {
      await requireInside(folder, folders());
      const { file, base64 } = configuration;
      const bytes = Buffer.from(base64, 'base64');
      const archive = packed?.archive ?? null;
      if (archive !== null) return await beginsWith(archive, file, bytes);
      const present = await readFile(join(folder, file)).catch(() => undefined);
      return present?.equals(bytes) === true;
    },
    async claim({ folder, package: packed }) {
      await requireInside(folder, folders());
      const { archive = null, signer = null } = packed ?? {};
      if (signer !== null) await signingKey(signer, folders());
      if (archive !== null && (await exists(archive)))
        throw new Fault('exists', `there is a file ${archive} already`, {
          hint: 'name one that does not exist',
        });
      try {
        await mkdir(folder, { mode: 0o700 });
      } catch (cause) {
        // One that is empty may be what an agent that was killed had begun.
        if (await isEmpty(folder)) return;
        const isTaken = await exists(folder);
        throw new Fault(isTaken ? 'exists' : 'refused', `cannot make the folder ${folder}`, {
          cause,
          hint: isTaken ? 'name one that does not exist' : `see that ${dirname(folder)} is there`,
        });
      }
    },
    async putDisk(machine, folder, { source, file, format, variant }, work) {
      const { machines, signal, onProgress } = work;
      const all = folders(machine.folder);
      await requireInside(resolveFile(machine.folder, source.file), all);
      await using disk = await openRecorded(machine, source, all, machines);
      await convertDisk(disk, {
        target: { path: join(folder, file), format, variant },
        store: storeOf(all),
        signal,
        onProgress: ({ doneBytes, totalBytes }) =>
          onProgress(totalBytes === 0 ? 1 : doneBytes / totalBytes),
      });
    },
    async putConfiguration(folder, { file, base64 }) {
      const bytes = Buffer.from(base64, 'base64');
      await writeFileAtomic(join(folder, file), bytes, { mode: 0o600, durability: 'flushed' });
    },
    async seal({ folder, configuration: { file, base64 }, disks, package: packed }, signal) {
      const signer = packed?.signer ?? null;
      await sealPackage({
        folder,
        descriptor: { file, bytes: Buffer.from(base64, 'base64') },
        disks: disks.map((disk) => disk.file),
        signing: signer === null ? undefined : await signingKey(signer, folders()),
        signal,
      });
    },
    async pack({ folder, configuration: { file }, disks, package: packed }, work) {
      const archive = packed?.archive ?? null;
      if (archive === null) return;
      const names = [file, ...sealNames(file), ...disks.map((disk) => disk.file)];
      const files: string[] = [];
      for (const name of names)
        if (await exists(join(folder, name))) files.push(join(folder, name));
      await packFiles(archive, { folder, files, ...work });
    },
  };
}

async function signingKey(path: string, folders: readonly string[]): Promise<SigningKey> {
  await requireInside(path, folders);
  return await readSigningKey(path);
}

async function isEmpty(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => undefined);
  return names?.length === 0;
}
