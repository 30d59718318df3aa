/** Images for CD and floppy drives among the files of this host (HW-42): told by name and size, not by what is in them. */
import { lstat } from 'node:fs/promises';
import { extname } from 'node:path';
import { maxKnownMedia, type LinkResult, type MediaDrive } from '#api';
import { findFiles } from './find-files.ts';

type FoundMedia = Pick<LinkResult<'host.media'>, 'files' | 'complete'>;

const floppySuffixes: ReadonlySet<string> = new Set(['.img', '.ima', '.flp', '.vfd', '.dsk']);
/** What floppy disks hold, in KiB, by the formats that the drive of 1.44 MB takes. */
const floppySizes: ReadonlySet<number> = new Set([360, 720, 1200, 1440, 1680]);
const maxPathLength = 1024;

export async function listMedia(
  folders: readonly string[],
  signal: AbortSignal,
): Promise<FoundMedia> {
  const isWanted = (path: string): boolean =>
    path.length <= maxPathLength && suffixFits(extname(path).toLowerCase());
  const { paths, complete } = await findFiles({
    folders,
    isWanted,
    maxFiles: maxKnownMedia,
    signal,
  });
  const files: FoundMedia['files'] = [];
  for (const path of [...paths].sort()) {
    signal.throwIfAborted();
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined) continue;
    const drive = driveFor(path, stats.size);
    if (drive !== undefined) files.push({ path, drive, sizeBytes: stats.size });
  }
  return { files, complete };
}

const suffixFits = (suffix: string): boolean => suffix === '.iso' || floppySuffixes.has(suffix);

/** For which drive an image is, by its name and size; undefined for none. */
export function driveFor(path: string, sizeBytes: number): MediaDrive | undefined {
  if (extname(path).toLowerCase() === '.iso') return sizeBytes > 0 ? 'cd' : undefined;
  return floppySizes.has(sizeBytes / 1024) ? 'floppy' : undefined;
}
