/** JSON from outside, bounded before anything looks at it. The schemas of the routes come after (app/issues.ts). */
import { Fault } from '#lib';

const maxDepth = 32;

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
