/**
 * What is kept of a copy that was cut off, so that it can go on: beside the target the file that is being made, and a journal that says
 * what is copied, in what way, and how far. The old journal or the new one is there at any time; it never counts on what is
 * not durable.
 */
import { readFileSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault, miB } from '#lib';
import { syncFolder } from './create.ts';

/** Copied between two entries of a journal, unless a copy is told otherwise. */
export const journalStepBytes = 256 * miB;
const maxJournalBytes = miB;
/** A checksum of 32 bytes as text. */
const checksumPattern = /^[0-9a-f]{64}$/;

/** What a copy has come to. */
export interface Standing {
  /** What is copied into what, as one text: equal only for the same work on the same, unchanged files. */
  readonly work: string;
  readonly doneBytes: number;
  /** SHA-256 of the parts that are done, where the work has parts. */
  readonly checksums: readonly string[];
}

interface Journal extends Standing {
  readonly gantry: 'disk-copy';
  /** Who is at it, or was: the process and when it started, since numbers of processes come again. */
  readonly pid: number;
  readonly started: string;
}

/** Where the unfinished copy and its journal lie. */
export function unfinishedPaths(path: string): { readonly part: string; readonly journal: string } {
  const stem = join(dirname(path), `.${basename(path)}.unfinished`);
  return { part: `${stem}.part`, journal: `${stem}.json` };
}

/** How far the copy to the path has come; undefined: it is not there, or is another. Faults: `refused` while another process is at it. */
export async function readStanding(path: string, work: string): Promise<Standing | undefined> {
  const { journal } = unfinishedPaths(path);
  const found = await readJournal(journal);
  if (found === undefined) return undefined;
  if (isAnothers(found)) {
    throw new Fault('refused', `process ${found.pid} is making ${path}`, {
      hint: `wait for it, or delete ${journal} if it is another program`,
    });
  }
  return found.work === work ? found : undefined;
}

export async function writeStanding(path: string, standing: Standing): Promise<void> {
  const { pid } = process;
  const started = startOf(pid) ?? '';
  const written: Journal = { gantry: 'disk-copy', pid, started, ...standing };
  const { journal } = unfinishedPaths(path);
  const temporary = `${journal}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(written));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, journal);
  await syncFolder(dirname(path));
}

/** Removes an unfinished copy, unless another process is at it. */
export async function dropUnfinished(path: string): Promise<void> {
  const { part, journal } = unfinishedPaths(path);
  const found = await readJournal(journal);
  if (found !== undefined && isAnothers(found)) return;
  for (const one of [journal, `${journal}.new`, part])
    await rm(one, { recursive: true, force: true });
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
  const { gantry, pid, started, work, doneBytes, checksums } = value as Readonly<
    Record<string, unknown>
  >;
  if (gantry !== 'disk-copy' || typeof work !== 'string') return undefined;
  if (typeof started !== 'string' || !isCount(pid) || !isCount(doneBytes)) return undefined;
  if (!Array.isArray(checksums) || !checksums.every(isChecksum)) return undefined;
  return { gantry, pid, started, work, doneBytes, checksums };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isChecksum(value: unknown): value is string {
  return typeof value === 'string' && checksumPattern.test(value);
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
