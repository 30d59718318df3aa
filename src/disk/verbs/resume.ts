/**
 * A conversion that goes on where it was cut off. Beside the target lie the file that is being made and a journal: what is
 * copied, in what way, and how far. Every so often the file is made durable, then the journal says so. Going on, the
 * source must be the same files unchanged, and what the journal says is copied is compared with it first; if
 * anything is not as it should be, the copy begins anew.
 */
import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault, isFault, miB } from '#lib';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { checkDisk } from './check.ts';
import { compareDisks } from './compare.ts';
import { verifyCopy, type ConvertOptions } from './convert.ts';
import { copyDisk } from './copy.ts';
import { demandSpace, layOutFile, publishFile, syncFolder, type NewDisk } from './create.ts';
import { measure } from './map.ts';
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
  /** Who is at it, or was. */
  readonly pid: number;
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
  const { target, store, signal } = options;
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
  const wanted: NewDisk = {
    ...target,
    sizeBytes: source.sizeBytes,
    ...(signal === undefined ? {} : { signal }),
  };
  const resumedBytes = await usableBytes(source, options, paths, work);
  if (resumedBytes === 0) {
    await rm(paths.journal, { force: true });
    await rm(paths.part, { force: true });
    await demandSpace(target.path, (await measure(source, signal)).dataBytes);
    await layOutFile(wanted, paths.part, () => undefined);
  }
  await writeJournal(paths.journal, {
    gantry: 'disk-copy',
    pid: process.pid,
    work,
    doneBytes: resumedBytes,
  });
  const made = await openPart(paths.part, store, target.format, 'write');
  try {
    await copySteps(source, made, { ...options, resumedBytes }, (doneBytes) =>
      writeJournal(paths.journal, { gantry: 'disk-copy', pid: process.pid, work, doneBytes }),
    );
    await made.close();
  } catch (error) {
    await made.abandon();
    throw error;
  }
  if (options.verify === 'compare') {
    await using again = await openPart(paths.part, store, target.format, 'read');
    await verifyCopy(source, again, signal);
  }
  await publishFile(paths.part, target.path, 'keep');
  await rm(paths.journal);
  await syncFolder(dirname(target.path));
  return { resumedBytes };
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
  { target, store, signal }: ResumeOptions,
  paths: ReturnType<typeof unfinishedPaths>,
  work: string,
): Promise<number> {
  const journal = await readJournal(paths.journal);
  if (journal === undefined || !existsSync(paths.part)) return 0;
  if (journal.pid !== process.pid && existsSync(`/proc/${journal.pid}`)) {
    throw new Fault('refused', `process ${journal.pid} is making ${target.path}`, {
      hint: `wait for it, or delete ${paths.journal} if it is another program`,
    });
  }
  if (journal.work !== work || journal.doneBytes > source.sizeBytes) return 0;
  try {
    await using part = await openPart(paths.part, store, target.format, 'read');
    const { corruptions } = await checkDisk(part, signal);
    if (corruptions > 0 || part.sizeBytes < source.sizeBytes) return 0;
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
  const { gantry, pid, work, doneBytes } = value as Readonly<Record<string, unknown>>;
  if (gantry !== 'disk-copy' || typeof work !== 'string') return undefined;
  if (typeof pid !== 'number' || typeof doneBytes !== 'number') return undefined;
  if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(doneBytes) || doneBytes < 0)
    return undefined;
  return { gantry, pid, work, doneBytes };
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
