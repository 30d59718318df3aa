/** Work on disk files of one folder; run by itself, a process that unpacks an archive and says when it is at it. */
import { join } from 'node:path';
import { diskWorkSchema } from '#api';
import { Fault } from '#lib';
import type { Doing } from './doing.ts';
import { DiskWorks } from './works.ts';

async function nothingComes(): Promise<never> {
  throw new Fault('not-found', 'nothing is on its way here');
}

export const noUploads = {
  finish: nothingComes,
  whole: nothingComes,
  stop: async (): Promise<void> => undefined,
} as const;

export function worksIn(folder: string, uploads: Doing['uploads'] = noUploads): DiskWorks {
  return new DiskWorks({
    folders: { listed: () => [folder], parents: () => [folder] },
    recordFolder: join(folder, 'records'),
    keepFreeBytes: () => 0,
    uploads,
  });
}

if (import.meta.main) {
  const [folder = '', id = '', file, target] = process.argv.slice(2);
  const work = diskWorkSchema.parse({ verb: 'unpack', file, target });
  const { signal } = new AbortController();
  let told = 0;
  const progress = (): void => {
    told += 1;
    // Enough has been read for a file to be there.
    if (told === 8) process.stdout.write('at it\n');
    // Whoever waits for that has the time to kill it.
    if (told >= 8) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  };
  await worksIn(folder).perform({ id, work, again: false }, [], { signal, progress });
}
