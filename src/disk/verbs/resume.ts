/**
 * A copy that goes on where it was cut off, for every verb that writes a disk anew: convert, flatten, repair, compact, merge.
 * Every so often the new file is made durable, then the journal says so. Going on, the source must be the same files unchanged, and
 * what the journal says is copied is compared with it: first, or at the end where all is compared anyway. If anything is
 * not as it should be, the copy begins anew.
 */
import { existsSync } from 'node:fs';
import { realpath, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, isFault } from '#lib';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { checkDisk } from './check.ts';
import { compareDisks } from './compare.ts';
import { layOutFile, publishFile, syncFolder, type NewDisk } from './create.ts';
import {
  dropUnfinished,
  journalStepBytes,
  readStanding,
  unfinishedPaths,
  writeStanding,
} from './journal.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import { verifyCopy } from './prove.ts';
import type { SpanRange } from './spans.ts';

/** Kinds of which a file cut off cannot be gone on with, or that are several files. */
const wholeOnly: readonly string[] = [
  'streamOptimized',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
];

export interface ResumeChoice {
  /**
   * What was copied is kept when the work fails or is cancelled, and the same work asked for again goes on with it.
   * `possible`: without that where the kind of target has no way to. Absent: nothing half is left.
   */
  readonly resume?: 'demanded' | 'possible' | undefined;
  /** Bytes between two entries of the journal; a multiple of 4 MiB. */
  readonly stepBytes?: number | undefined;
}

export interface Resumed {
  /** How much was there already. */
  readonly resumedBytes: number;
}

/** Faults: `unsupported` where it is demanded of a target that is several files or a stream. */
export function isResumable(
  { resume }: ResumeChoice,
  { variant = '' }: Pick<NewDisk, 'variant'>,
): boolean {
  if (resume === undefined || !wholeOnly.includes(variant)) return resume !== undefined;
  if (resume === 'possible') return false;
  throw new Fault('unsupported', `a ${variant} cannot be gone on with when it was cut off`, {
    hint: 'make it without resuming',
  });
}

export interface Copying extends VerbOptions, Pick<ResumeChoice, 'stepBytes'> {
  readonly source: Disk;
  readonly wanted: NewDisk;
  readonly store: FileStore;
  /** All else that decides what comes into the new disk, as text. */
  readonly shape: string;
  readonly verify?: 'compare' | 'none' | undefined;
  /** Before a copy is begun. Faults: its own. */
  readonly prepare: () => Promise<void>;
  readonly copy: (made: Disk, range: SpanRange, meter: ProgressMeter) => Promise<void>;
}

/** As `makeDisk`, but keeps what was copied when it fails or is cancelled. Faults: as there; `refused` while another process is at the same. */
export async function makeResumably(asked: Copying): Promise<Resumed> {
  const { path: named, existing = 'keep' } = asked.wanted;
  // what takes the place of a file is made beside the file, not beside a symbolic link to it
  const path = existing === 'replace' ? await realpath(named).catch(() => named) : named;
  const copying = { ...asked, wanted: { ...asked.wanted, path } };
  if (existing === 'keep' && existsSync(path))
    throw new Fault('exists', `${path} is there already`);
  const work = await describeWork(copying);
  let resumedBytes = await usableBytes(copying, work);
  await fill(copying, work, resumedBytes);
  if (copying.verify === 'compare' && !(await isCopied(copying, resumedBytes))) {
    resumedBytes = 0;
    await fill(copying, work, resumedBytes);
    await isCopied(copying, resumedBytes);
  }
  await publishFile(unfinishedPaths(path).part, path, existing);
  await rm(unfinishedPaths(path).journal);
  await syncFolder(dirname(path));
  return { resumedBytes };
}

/** The rest of the copy, or all of it. */
async function fill(copying: Copying, work: string, resumedBytes: number): Promise<void> {
  const { wanted } = copying;
  const { path } = wanted;
  if (resumedBytes === 0) {
    await dropUnfinished(path);
    await copying.prepare();
    await layOutFile(wanted, unfinishedPaths(path).part, () => undefined);
  }
  const note = (doneBytes: number): Promise<void> =>
    writeStanding(path, { work, doneBytes, checksums: [] });
  await note(resumedBytes);
  const made = await openPart(copying, 'write');
  try {
    await copySteps(copying, made, resumedBytes, note);
    await made.close();
  } catch (error) {
    await made.abandon();
    throw error;
  }
}

/** False: what was there before is not what it was, so the copy is to be made anew. Faults: as `verifyCopy`. */
async function isCopied(copying: Copying, resumedBytes: number): Promise<boolean> {
  try {
    await using again = await openPart(copying, 'read');
    await verifyCopy(copying.source, again, copying.signal);
    return true;
  } catch (error) {
    if (resumedBytes === 0 || !(isFault(error, 'internal') || isFault(error, 'corrupt')))
      throw error;
    return false;
  }
}

function openPart({ wanted, store }: Copying, access: 'read' | 'write'): Promise<Disk> {
  const { path, format, parent } = wanted;
  return openDisk({
    path: unfinishedPaths(path).part,
    store,
    format,
    access,
    ...(parent === undefined ? { parent: 'none' as const } : {}),
  });
}

async function copySteps(
  copying: Copying,
  made: Disk,
  resumedBytes: number,
  onStep: (doneBytes: number) => Promise<void>,
): Promise<void> {
  const { sizeBytes } = copying.source;
  const meter = new ProgressMeter(sizeBytes, copying);
  meter.add(resumedBytes);
  const step = copying.stepBytes ?? journalStepBytes;
  for (let start = resumedBytes; start < sizeBytes;) {
    const end = Math.min(start + step, sizeBytes);
    await copying.copy(made, { start, end }, meter);
    // durable before the journal counts on it
    await made.flush();
    await onStep(end);
    start = end;
  }
  meter.end();
}

/** The source by the files of all its layers with their sizes and times, the target by all that shapes it. */
async function describeWork({ source, wanted, shape }: Copying): Promise<string> {
  const layers: unknown[] = [];
  for (const { name, format, layer } of source.chain()) {
    const { file } = layer;
    layers.push([name, format, file.identity, await file.size(), (await file.modifiedMs?.()) ?? 0]);
  }
  const { format, variant, blockBytes, sectorBytes, compression, preallocation, parent } = wanted;
  const made = { format, variant, blockBytes, sectorBytes, compression, preallocation, parent };
  return JSON.stringify({ layers, sizeBytes: source.sizeBytes, made, shape });
}

/** How much of an unfinished copy can be gone on with: 0 when there is none or it is not to be trusted. */
async function usableBytes(copying: Copying, work: string): Promise<number> {
  const { source, wanted, verify, signal } = copying;
  const standing = await readStanding(wanted.path, work);
  if (standing === undefined || !existsSync(unfinishedPaths(wanted.path).part)) return 0;
  const { doneBytes } = standing;
  if (doneBytes > source.sizeBytes) return 0;
  try {
    await using part = await openPart(copying, 'read');
    const { corruptions } = await checkDisk(part, signal);
    if (corruptions > 0 || part.sizeBytes < source.sizeBytes) return 0;
    if (verify === 'compare') return doneBytes;
    const compared = await compareDisks(source, part, { limitBytes: doneBytes, signal });
    return compared.isEqual ? doneBytes : 0;
  } catch (error) {
    if (isFault(error, 'corrupt') || isFault(error, 'unsupported')) return 0;
    throw error;
  }
}
