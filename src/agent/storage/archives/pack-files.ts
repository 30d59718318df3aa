/** Files become one archive, which has its name when all of it is on the disk, and never that of another. */
import { link, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '#lib';
import { flushFolder } from '../atomic-file.ts';
import { memberHeader, writeTar } from './write-tar.ts';

export interface PackFiles {
  /** For what is not whole, on the volume of the archive. */
  readonly folder: string;
  /** In their order; they are gone afterwards. */
  readonly files: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress: (part: number) => void;
}

/** Errors: `exists`, `exhausted`, `cancelled`. */
export async function packFiles(
  archive: string,
  { folder, files, signal, onProgress }: PackFiles,
): Promise<void> {
  const part = join(folder, `${basename(archive)}.part`);
  let totalBytes = 1;
  for (const file of files) totalBytes += (await stat(file)).size;
  const onWritten = (bytes: number): void => onProgress(Math.min(1, bytes / totalBytes));
  try {
    await using handle = await open(part, 'wx', 0o600);
    await writeTar(handle, { files, mtimeMs: Date.now(), signal, onWritten });
    await handle.datasync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new Fault('exhausted', `the volume of ${archive} is full`, { cause: error });
  }
  signal.throwIfAborted();
  try {
    await link(part, archive);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Fault('exists', `there is a file ${archive} already`, { cause: error });
  }
  await rm(part);
  await flushFolder(dirname(archive));
}

/** Whether the first member of an archive is that file. */
export async function beginsWith(archive: string, name: string, content: Buffer): Promise<boolean> {
  const head = memberHeader(name, content.length, 0);
  const bytes = Buffer.alloc(head.length + content.length);
  try {
    await using handle = await open(archive, 'r');
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const named = head.length - headBytes;
    return (
      bytesRead === bytes.length &&
      bytes.subarray(named, named + nameBytes).equals(head.subarray(named, named + nameBytes)) &&
      bytes.subarray(head.length).equals(content)
    );
  } catch {
    return false;
  }
}

/** Of a header, and of the name at its beginning. */
const headBytes = 512;
const nameBytes = 100;
