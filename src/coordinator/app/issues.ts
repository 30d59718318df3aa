/**
 * Values from outside against schemas. A fault lists every issue with its place, so that one answer is
 * enough to put the request right.
 */
import type { z } from 'zod';
import { wordIssue } from '#api';
import { Fault } from '#lib';

const maxIssues = 50;
const maxIssuesInText = 5;

export interface Issue {
  /** Names with slashes: `hardware/memory/sizeBytes`. */
  readonly path: string;
  readonly problem: string;
}

/** The parsed value. Errors: `invalid` with all issues in the fact `issues`. */
export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.output<S> {
  const parsed = schema.safeParse(value, { error: wordIssue });
  if (parsed.success) return parsed.data;
  throw issuesFault(what, issuesOf(parsed.error));
}

export function issuesOf(error: z.ZodError): readonly Issue[] {
  const issues: Issue[] = [];
  collect(error.issues, [], issues);
  return issues;
}

function collect(
  list: readonly z.core.$ZodIssue[],
  above: readonly PropertyKey[],
  into: Issue[],
): void {
  for (const issue of list) {
    if (into.length >= maxIssues) return;
    const path = [...above, ...issue.path];
    // Of a union, the branch that fits best is worth reading; the others only say that they are not meant.
    const branches = issue.code === 'invalid_union' ? issue.errors : [];
    const best = [...branches].sort((one, other) => one.length - other.length)[0];
    if (best !== undefined && best.length > 0) {
      collect(best, path, into);
      continue;
    }
    into.push({
      path: path
        .map((part) => String(part).slice(0, 100))
        .join('/')
        .slice(0, 400),
      problem: issue.message.slice(0, 300),
    });
  }
}

export function issuesFault(what: string, issues: readonly Issue[]): Fault {
  const told = issues
    .slice(0, maxIssuesInText)
    .map(({ path, problem }) => (path === '' ? problem : `${path}: ${problem}`))
    .join('; ');
  const more =
    issues.length > maxIssuesInText ? `; and ${issues.length - maxIssuesInText} more` : '';
  return new Fault('invalid', `${what} is wrong: ${told}${more}`, { facts: { issues } });
}
