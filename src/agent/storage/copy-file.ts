/**
 * Copies a file as it is: by sharing its blocks where the file system can (reflink), else byte by byte with its
 * holes kept. Memory is two buffers whatever the size.
 *
 * Invariant: the copy has a name of its own until it is whole and flushed; nothing that exists is overwritten but
 * the empty file with which a place was taken.
 */
import { constants, type Stats } from 'node:fs';
import { chmod, copyFile as copyByHost, rename, rm, stat } from 'node:fs/promises';
import { abortReason, systemClock } from '#lib';
import { demandSpace, openNodeFile, type DiskFile } from '#disk';
import { flushFile } from './atomic-file.ts';

const chunkBytes = 2 * 1024 * 1024;
/** How soon a limit that was changed counts. */
const paceMs = 250;
const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;

export interface CopyWork {
  readonly signal: AbortSignal;
  /** Bytes of the file that are dealt with since the last call, holes included. */
  readonly onBytes: (bytes: number) => void;
  /** The most that it takes, bytes per second, 0: no limit; asked again and again, as it may change. */
  readonly limit?: () => number;
}

/** Errors: `exhausted`, `cancelled`, those of the host. */
export async function copyFile(from: string, to: string, work: CopyWork): Promise<void> {
  const part = `${to}.part`;
  await rm(part, { force: true });
  try {
    const stats = await stat(from);
    if (await sharesBlocks(from, part)) work.onBytes(stats.size);
    else await copyBytes(from, part, stats, work);
    await flushFile(part);
    await chmod(part, stats.mode & 0o777);
    await rename(part, to);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** FICLONE (ioctl_ficlonerange(2)): no time and no space, on Btrfs, XFS and others. */
async function sharesBlocks(from: string, to: string): Promise<boolean> {
  return copyByHost(from, to, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE).then(
    () => true,
    () => false,
  );
}

async function copyBytes(from: string, to: string, stats: Stats, work: CopyWork): Promise<void> {
  await demandSpace(to, Math.min(stats.size, stats.blocks * 512));
  const source = await openNodeFile(from, 'read');
  try {
    const target = await openNodeFile(to, 'create');
    try {
      await target.truncate(stats.size);
      await pump(source, target, stats.size, work);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** While one buffer is written the other one is read. */
async function pump(
  source: DiskFile,
  target: DiskFile,
  sizeBytes: number,
  { signal, onBytes, limit = () => 0 }: CopyWork,
): Promise<void> {
  const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
  let writing: Promise<void> = Promise.resolve();
  let turn = 0;
  let offset = 0;
  try {
    while (offset < sizeBytes) {
      if (signal.aborted) throw abortReason(signal);
      const run = source.runAt?.(offset, sizeBytes - offset) ?? {
        kind: 'data',
        length: sizeBytes - offset,
      };
      if (run.kind === 'hole') {
        onBytes(run.length);
        offset += run.length;
        continue;
      }
      const into = buffers[turn % 2]?.subarray(0, Math.min(run.length, chunkBytes));
      if (into === undefined) return;
      const count = await source.read(into, offset);
      if (count === 0) return;
      await writing;
      writing = target.write(into.subarray(0, count), offset);
      // Whoever waits next hears of its failure.
      writing.catch(() => undefined);
      onBytes(count);
      offset += count;
      turn += 1;
      await keepPace(count, limit, signal);
    }
  } finally {
    await writing;
  }
}

/** Waits for as long as the bytes take at that rate. */
async function keepPace(bytes: number, limit: () => number, signal: AbortSignal): Promise<void> {
  const beganMs = performance.now();
  for (let perSecond = limit(); perSecond > 0; perSecond = limit()) {
    const leftMs = (bytes * 1000) / perSecond - (performance.now() - beganMs);
    if (leftMs <= 0) return;
    await systemClock.sleep(Math.min(leftMs, paceMs), signal);
  }
}
