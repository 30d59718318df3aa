/** Folders for other products: made beside those of vms, never over what exists. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { convertDisk, hostStore, openDisk } from '#disk';
import { Fault } from '#lib';
import type { HandOutFiles } from '../drivers/files.ts';
import { resolveFile } from '../drivers/qemu/places.ts';
import { requireInside } from './allowed.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { exists } from './exists.ts';

/** `folders`: those in which files of a vm may be, whose own is given. */
export function makeHandOutFiles(folders: (own?: string) => readonly string[]): HandOutFiles {
  return {
    async isThere(folder, { file, base64 }) {
      await requireInside(folder, folders());
      const present = await readFile(join(folder, file)).catch(() => undefined);
      return present?.equals(Buffer.from(base64, 'base64')) === true;
    },
    async claim(folder) {
      await requireInside(folder, folders());
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
    async putDisk(machine, folder, { source, file, format, variant }, { signal, onProgress }) {
      const all = folders(machine.folder);
      const existing: string[] = [];
      for (const one of all) if (await exists(one)) existing.push(one);
      const store = hostStore(existing);
      const path = resolveFile(machine.folder, source.file);
      await requireInside(path, all);
      await using disk = await openDisk({ path, store, format: source.format });
      await convertDisk(disk, {
        target: { path: join(folder, file), format, variant },
        store,
        signal,
        onProgress: ({ doneBytes, totalBytes }) =>
          onProgress(totalBytes === 0 ? 1 : doneBytes / totalBytes),
      });
    },
    async putConfiguration(folder, { file, base64 }) {
      const bytes = Buffer.from(base64, 'base64');
      await writeFileAtomic(join(folder, file), bytes, { mode: 0o600, durability: 'flushed' });
    },
  };
}

async function isEmpty(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => undefined);
  return names?.length === 0;
}
