/**
 * The lines of the audit trail (SEC-73). One line of JSON per request; each names the SHA-256 of the
 * line before it, over the whole line without its end, so that none can be changed, taken out or put
 * in without the ones after it telling. What stands at the very end can be cut off unseen: who needs to
 * know of that copies the last hash elsewhere.
 */
import { createHash } from 'node:crypto';
import { auditEntrySchema, type AuditEntry } from '#api';
import { z } from 'zod';

/** The hash before the first line. */
export const noHash = '0'.repeat(64);
/** In bytes; what is longer was not written by us. */
export const maxLineLength = 4096;

const lineSchema = auditEntrySchema.extend({ prev: z.string().regex(/^[0-9a-f]{64}$/) });
export type AuditLine = z.infer<typeof lineSchema>;

export function hashLine(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}

export function writeLine(entry: AuditEntry, prev: string): string {
  return JSON.stringify({ ...entry, prev });
}

/** Undefined for what is not a line of ours. */
export function readLine(line: string): AuditLine | undefined {
  if (line.length > maxLineLength) return undefined;
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Follows a chain line by line. Answers what is wrong with the next line, or undefined. */
export class ChainChecker {
  #expected: { readonly seq: number; readonly prev: string } | undefined;

  get lastHash(): string | undefined {
    return this.#expected?.prev;
  }

  take(line: string): string | undefined {
    const parsed = readLine(line);
    if (!parsed) return 'is not a line of the audit trail';
    const expected = this.#expected;
    this.#expected = { seq: parsed.seq + 1, prev: hashLine(line) };
    // The first line that is kept: what was before it has been deleted by retention.
    if (!expected) return undefined;
    if (parsed.seq !== expected.seq)
      return `has the number ${parsed.seq} instead of ${expected.seq}`;
    return parsed.prev === expected.prev ? undefined : 'does not follow from the line before it';
  }
}
