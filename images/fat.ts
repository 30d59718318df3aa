/**
 * FAT file systems in files, through mtools: nothing is mounted. Used for EFI system partitions and for
 * floppies (HW-46).
 */
import { mkdtemp, open, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeFault, Fault } from '#lib';
import { runTool } from './run.ts';
import { imageEpochS } from './version.ts';

/** Size of a 3.5-inch high density floppy. */
export const floppyBytes = 1_474_560;

export interface FatRequest {
  readonly sizeBytes: number;
  /** At most 11 letters. */
  readonly label: string;
  /** File with a boot sector whose code is put into the file system's own. */
  readonly bootSectorPath?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A new, empty FAT file system in the file, which is made or replaced. Its serial number is always the same. */
export async function createFat(path: string, request: FatRequest): Promise<void> {
  const { sizeBytes, label, bootSectorPath, signal } = request;
  const file = await open(path, 'w');
  await file.truncate(sizeBytes);
  await file.close();
  const isFloppy = sizeBytes === floppyBytes;
  const geometry = isFloppy
    ? ['-f', '1440']
    : ['-T', String(sizeBytes / 512), '-h', '64', '-s', '32'];
  const boot = bootSectorPath === undefined ? [] : ['-B', bootSectorPath];
  const identity = ['-v', label, '-N', '47414e54'];
  await runTool(['mformat', '-i', path, ...identity, ...geometry, ...boot, '::'], { signal });
}

export interface FatFile {
  /** Path inside the file system with forward slashes: `EFI/BOOT/BOOTX64.EFI`. */
  readonly path: string;
  readonly data: Uint8Array;
}

/**
 * Puts files into a FAT file system, replacing those of the same path; makes missing directories. Errors:
 * `invalid` for a path, `exhausted` when it is full (files before that one are in it then).
 */
export async function putFatFiles(
  imagePath: string,
  files: readonly FatFile[],
  signal?: AbortSignal,
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'gantry-fat-'));
  try {
    const made = new Set<string>();
    for (const [index, file] of files.entries()) {
      const target = checkFatPath(file.path);
      const names = target.split('/');
      for (let depth = 1; depth < names.length; depth += 1) {
        const folder = names.slice(0, depth).join('/');
        if (made.has(folder)) continue;
        made.add(folder);
        // Skips a directory that is there already.
        await runTool(['mmd', '-i', imagePath, '-D', 's', `::${folder}`], { signal }).catch(
          async (error: unknown) => {
            if (!(await hasFatEntry(imagePath, folder, signal))) throw error;
          },
        );
      }
      const source = join(work, String(index));
      await writeFile(source, file.data);
      await utimes(source, imageEpochS, imageEpochS);
      await runTool(['mcopy', '-i', imagePath, '-o', '-m', source, `::${target}`], {
        signal,
      }).catch((error: unknown) => {
        throw putFault(imagePath, file.path, error);
      });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function putFault(imagePath: string, path: string, cause: unknown): Fault {
  const isFull = /disk full/i.test(describeFault(cause));
  return new Fault(isFull ? 'exhausted' : 'internal', `cannot put ${path} into ${imagePath}`, {
    cause,
    ...(isFull ? { hint: 'use smaller files or a second floppy' } : {}),
  });
}

async function hasFatEntry(
  imagePath: string,
  path: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return await runTool(['mdir', '-i', imagePath, '-b', `::${path}`], { signal }).then(
    () => true,
    () => false,
  );
}

/** The content of one file of a FAT file system. Errors: `not-found`. */
export async function readFatFile(
  imagePath: string,
  path: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  return await runTool(['mtype', '-i', imagePath, `::${checkFatPath(path)}`], { signal }).catch(
    (error: unknown) => {
      throw new Fault('not-found', `cannot read ${path} from ${imagePath}`, { cause: error });
    },
  );
}

/** Paths of all files, without directories, sorted. Errors: `corrupt` when it is no FAT file system. */
export async function listFatFiles(
  imagePath: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const argv = ['-i', imagePath, '-/', '-b', '::'];
  const text = await runTool(['mdir', ...argv], { signal }).catch((error: unknown) => {
    // So mdir says that there is no file.
    if (/File "::\/?" not found/.test(describeFault(error))) return Buffer.alloc(0);
    throw new Fault('corrupt', `cannot read ${imagePath} as a FAT file system`, { cause: error });
  });
  return text
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/^::\//, ''))
    .filter((line) => line !== '' && !line.endsWith('/'))
    .toSorted();
}

/** Errors: `invalid` for a path that leaves the file system or that mtools would read as a pattern. */
function checkFatPath(path: string): string {
  const names = path.split('/');
  const isPlain = names.every((name) => /^[^\\:*?"<>|[\]\p{Cc}]{1,255}$/u.test(name));
  if (!isPlain || names.some((name) => name === '.' || name === '..') || path.length > 1024) {
    throw new Fault('invalid', `"${path.slice(0, 80)}" is not a file name for a FAT file system`);
  }
  return path;
}
