/**
 * A conversion that goes on where it was cut off. Beside the target lie the file that is being made and a journal: what is
 * copied, in what way, and how far. Every so often the file is made durable, then the journal says so. Going on, the
 * source must be the same files unchanged, and what the journal says is copied is compared with it: first, or at the end where
 * all is compared anyway. If anything is not as it should be, the copy begins anew.
 */
import { existsSync, readFileSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault, isFault, miB } from '#lib';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { checkDisk } from './check.ts';
import { compareDisks } from './compare.ts';
import { demandRoom, verifyCopy, type ConvertOptions } from './convert.ts';
import { copyDisk } from './copy.ts';
import { layOutFile, publishFile, syncFolder, type NewDisk } from './create.ts';
import { ProgressMeter } from './progress.ts';

/** Copied between two entries of the journal. */
const stepBytes = 256 * miB;
const maxJournalBytes = miB;

/** Kinds of which a file cut off cannot be gone on with, or that are several files. */
const wholeOnly = [
  'streamOptimized',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
];

interface Journal {
  readonly gantry: 'disk-copy';
  /** Who is at it, or was: the process and when it started, since numbers of processes come again. */
  readonly pid: number;
  readonly started: string;
  /** What is copied into what, as one text: equal only for the same work on the same, unchanged files. */
  readonly work: string;
  readonly doneBytes: number;
}

export interface ResumeOptions extends ConvertOptions {
  /** Bytes between two entries of the journal; a multiple of 4 MiB. */
  readonly stepBytes?: number | undefined;
}

/** Where the unfinished copy and its journal lie. */
export function unfinishedPaths(path: string): { readonly part: string; readonly journal: string } {
  const stem = join(dirname(path), `.${basename(path)}.unfinished`);
  return { part: `${stem}.part`, journal: `${stem}.json` };
}

/**
 * Converts as `convertDisk`, but keeps what was copied when it fails or is cancelled. Returns how much was there already.
 * Faults: as there; `unsupported` for targets of several files; `refused` while another process is at the same.
 */
export async function convertResumably(
  source: Disk,
  options: ResumeOptions,
): Promise<{ readonly resumedBytes: number }> {
  const { target } = options;
  if (wholeOnly.includes(target.variant ?? '')) {
    throw new Fault(
      'unsupported',
      `a ${target.variant} cannot be gone on with when it was cut off`,
      {
        hint: 'convert it without resuming',
      },
    );
  }
  if (existsSync(target.path)) throw new Fault('exists', `${target.path} is there already`);
  const paths = unfinishedPaths(target.path);
  const work = await describeWork(source, options);
  let resumedBytes = await usableBytes(source, options, paths, work);
  await fill(source, options, { paths, work, resumedBytes });
  if (options.verify === 'compare' && !(await isCopied(source, options, paths, resumedBytes))) {
    resumedBytes = 0;
    await fill(source, options, { paths, work, resumedBytes });
    await isCopied(source, options, paths, resumedBytes);
  }
  await publishFile(paths.part, target.path, 'keep');
  await rm(paths.journal);
  await syncFolder(dirname(target.path));
  return { resumedBytes };
}

interface Course {
  readonly paths: ReturnType<typeof unfinishedPaths>;
  readonly work: string;
  readonly resumedBytes: number;
}

/** The rest of the copy, or all of it. */
async function fill(
  source: Disk,
  options: ResumeOptions,
  { paths, work, resumedBytes }: Course,
): Promise<void> {
  const { target, store, signal } = options;
  const note = (doneBytes: number): Promise<void> => {
    const { pid } = process;
    const started = startOf(pid) ?? '';
    return writeJournal(paths.journal, { gantry: 'disk-copy', pid, started, work, doneBytes });
  };
  if (resumedBytes === 0) {
    await rm(paths.journal, { force: true });
    await rm(paths.part, { force: true });
    await demandRoom(source, options);
    const wanted: NewDisk = {
      ...target,
      sizeBytes: source.sizeBytes,
      ...(signal === undefined ? {} : { signal }),
    };
    await layOutFile(wanted, paths.part, () => undefined);
  }
  await note(resumedBytes);
  const made = await openPart(paths.part, store, target.format, 'write');
  try {
    await copySteps(source, made, { ...options, resumedBytes }, note);
    await made.close();
  } catch (error) {
    await made.abandon();
    throw error;
  }
}

/** False: what was there before is not what it was, so the copy is to be made anew. Faults: as `verifyCopy`. */
async function isCopied(
  source: Disk,
  { target, store, signal }: ResumeOptions,
  paths: ReturnType<typeof unfinishedPaths>,
  resumedBytes: number,
): Promise<boolean> {
  try {
    await using again = await openPart(paths.part, store, target.format, 'read');
    await verifyCopy(source, again, signal);
    return true;
  } catch (error) {
    if (resumedBytes === 0 || !(isFault(error, 'internal') || isFault(error, 'corrupt')))
      throw error;
    return false;
  }
}

function openPart(
  path: string,
  store: FileStore,
  format: string,
  access: 'read' | 'write',
): Promise<Disk> {
  return openDisk({ path, store, format, access, parent: 'none' });
}

async function copySteps(
  source: Disk,
  made: Disk,
  options: ResumeOptions & { readonly resumedBytes: number },
  onStep: (doneBytes: number) => Promise<void>,
): Promise<void> {
  const meter = new ProgressMeter(source.sizeBytes, options);
  meter.add(options.resumedBytes);
  const step = options.stepBytes ?? stepBytes;
  for (let start = options.resumedBytes; start < source.sizeBytes;) {
    const end = Math.min(start + step, source.sizeBytes);
    await copyDisk(source, made, { ...options, target: 'new', range: { start, end }, meter });
    // durable before the journal counts on it
    await made.flush();
    await onStep(end);
    start = end;
  }
  meter.end();
}

/** The source by the files of all its layers with their sizes and times, the target by all that shapes it. */
async function describeWork(source: Disk, { target, compress }: ConvertOptions): Promise<string> {
  const layers: unknown[] = [];
  for (const { name, format, layer } of source.chain()) {
    const { file } = layer;
    layers.push([name, format, file.identity, await file.size(), (await file.modifiedMs?.()) ?? 0]);
  }
  const { format, variant, blockBytes, sectorBytes, compression, preallocation } = target;
  const shape = { format, variant, blockBytes, sectorBytes, compression, preallocation, compress };
  return JSON.stringify({ layers, sizeBytes: source.sizeBytes, shape });
}

/** How much of an unfinished copy can be gone on with: 0 when there is none or it is not to be trusted. */
async function usableBytes(
  source: Disk,
  { target, store, verify, signal }: ResumeOptions,
  paths: ReturnType<typeof unfinishedPaths>,
  work: string,
): Promise<number> {
  const journal = await readJournal(paths.journal);
  if (journal === undefined || !existsSync(paths.part)) return 0;
  if (isAnothers(journal)) {
    throw new Fault('refused', `process ${journal.pid} is making ${target.path}`, {
      hint: `wait for it, or delete ${paths.journal} if it is another program`,
    });
  }
  if (journal.work !== work || journal.doneBytes > source.sizeBytes) return 0;
  try {
    await using part = await openPart(paths.part, store, target.format, 'read');
    const { corruptions } = await checkDisk(part, signal);
    if (corruptions > 0 || part.sizeBytes < source.sizeBytes) return 0;
    if (verify === 'compare') return journal.doneBytes;
    const compared = await compareDisks(source, part, { limitBytes: journal.doneBytes, signal });
    return compared.isEqual ? journal.doneBytes : 0;
  } catch (error) {
    if (isFault(error, 'corrupt') || isFault(error, 'unsupported')) return 0;
    throw error;
  }
}

async function readJournal(path: string): Promise<Journal | undefined> {
  let value: unknown;
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > maxJournalBytes) return undefined;
    value = JSON.parse(text);
  } catch {
    return undefined; // none, or one that was cut off
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { gantry, pid, started, work, doneBytes } = value as Readonly<Record<string, unknown>>;
  if (gantry !== 'disk-copy' || typeof work !== 'string') return undefined;
  if (typeof started !== 'string') return undefined;
  if (typeof pid !== 'number' || typeof doneBytes !== 'number') return undefined;
  if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(doneBytes) || doneBytes < 0)
    return undefined;
  return { gantry, pid, started, work, doneBytes };
}

/** Removes an unfinished copy, unless another process is at it. */
export async function dropUnfinished(path: string): Promise<void> {
  const { part, journal } = unfinishedPaths(path);
  const found = await readJournal(journal);
  if (found !== undefined && isAnothers(found)) return;
  for (const one of [journal, `${journal}.new`, part]) await rm(one, { force: true });
}

function isAnothers({ pid, started }: Journal): boolean {
  return pid !== process.pid && startOf(pid) === started;
}

/** When a process started, in ticks since the host did (proc(5)); undefined: there is none. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** The old journal or the new one is there at any time. */
async function writeJournal(path: string, journal: Journal): Promise<void> {
  const temporary = `${path}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(journal));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}
