/**
 * What comes in is bounded, then parsed, then checked against the schemas of the route. A fault lists
 * every issue with its place, so that one answer is enough to put the request right.
 */
import type { z } from 'zod';
import { Fault } from '#lib';

const maxDepth = 32;
const maxIssues = 50;
const maxIssuesInText = 5;

/** JSON text as a value. Errors: `invalid` for what is not JSON, nested deeper than 32, or dangerous. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const where = error instanceof SyntaxError ? error.message.slice(0, 200) : 'not JSON';
    throw new Fault('invalid', `the body is not JSON: ${where}`, {
      hint: 'send an object in JSON, in UTF-8',
    });
  }
  checkShape(value);
  return value;
}

/** Refuses deep nesting and names that JavaScript objects give a meaning, without recursion. */
function checkShape(value: unknown): void {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : [];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth)
      throw new Fault('invalid', `the body is nested deeper than ${maxDepth} levels`);
    const next: object[] = [];
    for (const node of level) {
      if (Object.hasOwn(node, '__proto__'))
        throw new Fault('invalid', 'the name __proto__ is not allowed in a body');
      for (const inner of Object.values(node) as unknown[])
        if (typeof inner === 'object' && inner !== null) next.push(inner);
    }
    level = next;
  }
}

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
  const parsed = schema.safeParse(value);
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
  return new Fault('invalid', `${what} is wrong: ${told}${more}`, {
    facts: { issues },
    hint: 'the description of the API is at /api',
  });
}
