/** The audit trail, newest first, page by page. A page looks at a bounded number of lines and may hold fewer entries than asked. */
import { join } from 'node:path';
import { Fault } from '#lib';
import { compileFilter, parseFilter, type AuditEntry, type routes } from '#api';
import type { z } from 'zod';
import { readLine } from './chain.ts';
import { listFiles, readBackwards } from './files.ts';

const maxLinesPerPage = 100_000;

type Query = z.output<(typeof routes)['audit.list']['query']>;

export interface AuditPage {
  readonly items: AuditEntry[];
  readonly nextCursor: string | null;
}

/** Errors: `invalid` for filter or cursor. */
export async function listAudit(folder: string, query: Query): Promise<AuditPage> {
  const before = query.cursor === undefined ? Infinity : Number(query.cursor);
  if (!(before > 0)) throw new Fault('invalid', 'the cursor is not one of the audit trail');
  const matches = query.filter === undefined ? undefined : compileFilter(parseFilter(query.filter));
  const items: AuditEntry[] = [];
  let seen = 0;
  const isOlder = (time: string, limit: string | undefined): boolean =>
    limit !== undefined && Date.parse(time) < Date.parse(limit);
  for (const name of [...(await listFiles(folder))].reverse()) {
    for await (const { text } of readBackwards(join(folder, name))) {
      const line = readLine(text);
      if (line === undefined || line.seq >= before) continue;
      const { prev: _, ...entry } = line;
      if (isOlder(entry.time, query.since)) return { items, nextCursor: null };
      seen += 1;
      const isLate = query.until !== undefined && !isOlder(entry.time, query.until);
      if (!isLate && (matches === undefined || matches(entry))) items.push(entry);
      if (items.length >= query.limit || seen >= maxLinesPerPage)
        return { items, nextCursor: String(entry.seq) };
    }
  }
  return { items, nextCursor: null };
}
