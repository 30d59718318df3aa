/** The files of the audit trail: one per month, read forwards to be verified and backwards to be shown. */
import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AuditVerification } from '#api';
import { Fault } from '#lib';
import { ChainChecker, maxLineLength } from './chain.ts';

const namePattern = /^\d{4}-\d{2}\.jsonl$/;
const chunkBytes = 64 * 1024;
const lineEnd = 10;

export function fileName(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 7)}.jsonl`;
}

/** Oldest first. */
export async function listFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names.filter((name) => namePattern.test(name)).sort();
}

/** At most so many are told. */
const maxProblems = 100;

/** Reads the whole trail and follows its chain. */
export async function verifyFiles(
  folder: string,
  signal?: AbortSignal,
): Promise<AuditVerification> {
  const checker = new ChainChecker();
  const problems: AuditVerification['problems'][number][] = [];
  let lines = 0;
  for (const file of await listFiles(folder)) {
    const input = createReadStream(join(folder, file), { encoding: 'utf8', signal });
    let line = 0;
    for await (const text of createInterface({ input, crlfDelay: 0 })) {
      line += 1;
      lines += 1;
      const what = checker.take(text);
      if (what !== undefined && problems.length < maxProblems) problems.push({ file, line, what });
    }
  }
  return { lines, problems, lastHash: checker.lastHash ?? null };
}

export interface WholeLine {
  readonly text: string;
  /** Where the next line begins, in bytes. */
  readonly endsAt: number;
}

/** Whole lines of a file, the last first. A torn last line, without its end, is left out. */
export async function* readBackwards(path: string): AsyncGenerator<WholeLine> {
  const handle = await open(path, 'r');
  try {
    let { size: from } = await handle.stat();
    /** The beginning of this line, which ends with the file or a line end, is not read yet. */
    let rest = Buffer.alloc(0);
    let isTorn = true;
    while (from > 0) {
      const length = Math.min(chunkBytes, from);
      from -= length;
      const chunk = Buffer.alloc(length);
      await handle.read(chunk, 0, length, from);
      const bytes = Buffer.concat([chunk, rest]);
      let to = bytes.length;
      for (;;) {
        const at = to === 0 ? -1 : bytes.lastIndexOf(lineEnd, to - 1);
        if (at < 0) break;
        if (!isTorn) yield { text: bytes.toString('utf8', at + 1, to), endsAt: from + to + 1 };
        isTorn = false;
        to = at;
      }
      rest = bytes.subarray(0, to);
      if (rest.length > maxLineLength + chunkBytes)
        throw new Fault('corrupt', `${path} has a line that is too long for the audit trail`);
    }
    if (!isTorn) yield { text: rest.toString('utf8'), endsAt: rest.length + 1 };
  } finally {
    await handle.close();
  }
}
