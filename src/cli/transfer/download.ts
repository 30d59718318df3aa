/**
 * Content of a host that becomes a new file of this machine. Until it is whole it has a name of its own, in which the tag of the
 * content stands: whatever ends this program, the same command goes on where it was if the content is still the same.
 */
import { link, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TransferRate, type Download, type TransferProgress } from '#api';
import { openNodeFile, SparseWriter } from '#disk';
import { Fault, isFault, systemClock } from '#lib';

const firstPauseMs = 500;
/** Attempts that bring nothing, one after the other. */
const maxIdle = 6;

export interface DownloadWork {
  readonly open: (from: { readonly offset: number; readonly tag: string }) => Promise<Download>;
  readonly onProgress: (progress: TransferProgress) => void;
  readonly onBreak: (why: unknown) => void;
  readonly signal: AbortSignal;
}

/** Answers its size. Faults: `exists`; those of the server; `unavailable` when it breaks again and again. */
export async function downloadFile(to: string, work: DownloadWork): Promise<number> {
  if (await isThere(to)) throw taken(to);
  let idle = 0;
  for (;;) {
    const before = await findPart(to);
    try {
      return await attempt(to, before, work);
    } catch (error) {
      work.signal.throwIfAborted();
      const after = await findPart(to);
      idle = after.offset > before.offset || after.tag !== before.tag ? 0 : idle + 1;
      if (!isBroken(error) || idle >= maxIdle) throw error;
      work.onBreak(error);
      await systemClock.sleep(firstPauseMs * 2 ** idle, work.signal);
    }
  }
}

interface Part {
  readonly tag: string;
  readonly offset: number;
}

const partOf = (to: string, tag: string): string => `${to}.${tag}.part`;

/** What an earlier attempt has left; a file without a tag is none. */
async function findPart(to: string): Promise<Part> {
  const pattern = /\.([0-9a-f]{32})\.part$/;
  for (const name of await readdir(dirname(to)).catch(() => [])) {
    const tag = pattern.exec(name)?.[1];
    if (tag === undefined || name !== `${basename(to)}.${tag}.part`) continue;
    const { size } = await stat(join(dirname(to), name));
    return { tag, offset: size };
  }
  return { tag: '', offset: 0 };
}

async function attempt(to: string, known: Part, work: DownloadWork): Promise<number> {
  const { tag, offset, sizeBytes, content } = await work.open(known);
  if (!/^[0-9a-f]{32}$/.test(tag))
    throw new Fault('invalid', 'the server does not tell which content it sends');
  // Content that is another begins anew.
  if (known.tag !== '' && known.tag !== tag) await rm(partOf(to, known.tag), { force: true });
  const part = partOf(to, tag);
  const file = await openNodeFile(part, (await isThere(part)) ? 'write' : 'create');
  try {
    const writer = await SparseWriter.open(file, offset);
    const rate = new TransferRate(offset, sizeBytes);
    try {
      for await (const bytes of content) {
        work.signal.throwIfAborted();
        if (writer.position + bytes.length > sizeBytes)
          throw new Fault('invalid', 'the server sends more than it said');
        await writer.write(bytes);
        work.onProgress(rate.at(writer.position));
      }
    } finally {
      await writer.flush();
    }
    if (writer.position < sizeBytes)
      throw new Fault('unavailable', `the connection ended at ${writer.position} of ${sizeBytes}`);
  } finally {
    await file.close();
  }
  await nameIt(part, to);
  return sizeBytes;
}

/** Nothing that has the name is overwritten. */
async function nameIt(part: string, to: string): Promise<void> {
  try {
    await link(part, to);
    await rm(part);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken(to);
    // Not every file system has hard links.
    await rename(part, to);
  }
}

/** What another attempt may mend: the server, or the way to it. A connection that breaks in the middle is no fault. */
function isBroken(error: unknown): boolean {
  return isFault(error, 'unavailable') || isFault(error, 'timeout') || error instanceof TypeError;
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

function taken(to: string): Fault {
  return new Fault('exists', `${to} is there already`, { hint: 'choose another with --to' });
}
