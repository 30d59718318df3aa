/** Floppy images of 1.44 MB: blank ones for users (HW-46) and one that boots, to test boot orders with. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib';
import type { BuildContext } from '../context.ts';
import { createFat, floppyBytes, putFatFiles } from '../fat.ts';
import { starterVersion } from '../version.ts';
import { floppyBootSector } from './boot-sector.ts';

export { floppyBytes } from '../fat.ts';

/**
 * A formatted, empty 1.44 MB floppy at the path, which must not exist. `label` has at most 11 letters,
 * digits, spaces, - and _. Errors: `exists`, `invalid`, `unsupported` without mtools.
 */
export async function createBlankFloppy(
  path: string,
  label: string,
  signal?: AbortSignal,
): Promise<void> {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9 _-]{0,10}$/.test(label)) {
    throw new Fault('invalid', `"${label.slice(0, 40)}" is not a label for a floppy`, {
      hint: 'use at most 11 letters and digits',
    });
  }
  await writeFile(path, '', { flag: 'wx' }).catch((error: unknown) => {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new Fault(isThere ? 'exists' : 'invalid', `cannot create floppy ${path}`, {
      cause: error,
    });
  });
  await createFat(path, { sizeBytes: floppyBytes, label: label.toUpperCase(), signal });
}

export async function buildStarterFloppy(context: BuildContext): Promise<void> {
  const { outputPath, workDir, signal } = context;
  const bootSectorPath = join(workDir, 'boot-sector');
  await writeFile(bootSectorPath, floppyBootSector());
  const label = 'GANTRY BOOT';
  await createFat(outputPath, { sizeBytes: floppyBytes, label, bootSectorPath, signal });
  const text = `Gantry boot floppy ${starterVersion}. It boots, says so, and hands over.\r\n`;
  await putFatFiles(outputPath, [{ path: 'README.TXT', data: Buffer.from(text) }], signal);
}
