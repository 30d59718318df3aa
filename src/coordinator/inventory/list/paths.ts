/**
 * Whether a resource has the field that a filter, a sort or a choice of fields names. A misspelt field is
 * a fault that says what there is, not an empty list.
 */
import { z } from 'zod';
import { Fault } from '#lib';
import { unwrapSchema, type Filter } from '#api';

/** What a path leads to: a value that can be sorted by, or something with parts. */
type Found = 'value' | 'parts' | 'anything';

interface Node {
  readonly schemas: readonly z.core.$ZodType[];
}

function isOpen(schema: z.core.$ZodType): boolean {
  // A lazy schema is JSON of any form.
  return (
    schema instanceof z.ZodUnknown || schema instanceof z.ZodAny || schema instanceof z.ZodLazy
  );
}

function step(node: Node, name: string): Node | 'anything' | undefined {
  const next: z.core.$ZodType[] = [];
  for (const schema of node.schemas) {
    if (isOpen(schema)) return 'anything';
    if (schema instanceof z.ZodObject) {
      const part: z.core.$ZodType | undefined = Object.hasOwn(schema.shape, name)
        ? schema.shape[name]
        : undefined;
      if (part !== undefined) next.push(...unwrapSchema(part));
    } else if (schema instanceof z.ZodRecord) {
      // What is below a record has any name and any depth.
      return 'anything';
    }
  }
  return next.length === 0 ? undefined : { schemas: next };
}

function namesOf(node: Node): readonly string[] {
  return node.schemas.flatMap((schema) =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape) : [],
  );
}

/** Errors: `invalid` naming the field and those there are. */
export function resolvePath(
  schema: z.core.$ZodType,
  path: readonly string[],
  use: 'filter' | 'sort' | 'fields',
): Found {
  let node: Node = { schemas: unwrapSchema(schema) };
  for (const [depth, name] of path.entries()) {
    const next = step(node, name);
    if (next === 'anything') return next;
    if (next === undefined) {
      const names = namesOf(node);
      throw new Fault('invalid', `${use}: there is no field "${path.join('.').slice(0, 100)}"`, {
        facts: { field: path.join('.').slice(0, 100), known: names },
        hint:
          names.length === 0
            ? `"${path.slice(0, depth).join('.').slice(0, 100)}" has no parts`
            : `take one of: ${names.join(', ').slice(0, 600)}`,
      });
    }
    node = next;
  }
  const parts = node.schemas.some(
    (one) => one instanceof z.ZodObject || one instanceof z.ZodRecord || isOpen(one),
  );
  return parts ? 'parts' : 'value';
}

/** Errors: `invalid` for a field that does not exist. Answers all paths that the filter looks at. */
export function checkFilter(
  schema: z.core.$ZodType,
  filter: Filter,
): readonly (readonly string[])[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.flatMap((term) => checkFilter(schema, term));
    case 'not':
      return checkFilter(schema, filter.term);
    case 'compare':
      resolvePath(schema, filter.path, 'filter');
      return [filter.path];
    case 'text':
      return [];
  }
}
