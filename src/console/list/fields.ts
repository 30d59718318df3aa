/**
 * The fields that lists may be filtered by, read off the schemas of what they list. Schemas are much to load
 * and only suggestions need them: this comes when somebody is about to write a filter.
 */
import { z } from 'zod';
import {
  eventSchema,
  hostSchema,
  imageSchema,
  networkSchema,
  operationSchema,
  teamSchema,
  unwrapSchema,
  vmSchema,
} from '#api';
import type { FilterField } from './suggest.ts';

const maxDepth = 5;
const maxFields = 400;

const schemas = {
  'event.list': eventSchema,
  'host.list': hostSchema,
  'image.list': imageSchema,
  'network.list': networkSchema,
  'operation.list': operationSchema,
  'team.list': teamSchema,
  'vm.list': vmSchema,
} as const;

/** A list with a filter that helps. */
export type FilteredList = keyof typeof schemas;

/** All fields of what the list shows, those nearest to the top first. */
export function fieldsOf(list: FilteredList): readonly FilterField[] {
  const fields = new Map<string, FilterField>();
  let level: { readonly path: string; readonly schema: z.core.$ZodType }[] = [
    { path: '', schema: schemas[list] },
  ];
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const below: typeof level = [];
    for (const { path, schema: at } of level)
      for (const [name, part] of partsOf(at)) {
        const full = path === '' ? name : `${path}.${name}`;
        for (const one of unwrapSchema(part)) {
          if (one instanceof z.ZodObject) below.push({ path: full, schema: one });
          const field = fieldOf(full, one);
          if (field !== undefined && fields.size < maxFields && !fields.has(full))
            fields.set(full, field);
        }
      }
    level = below;
  }
  return [...fields.values()];
}

function partsOf(schema: z.core.$ZodType): readonly (readonly [string, z.core.$ZodType])[] {
  return unwrapSchema(schema).flatMap((one) =>
    one instanceof z.ZodObject ? Object.entries(one.shape as Record<string, z.core.$ZodType>) : [],
  );
}

function fieldOf(path: string, schema: z.core.$ZodType): FilterField | undefined {
  if (schema instanceof z.ZodEnum)
    return { path, kind: 'choice', values: schema.options.map(String) };
  if (schema instanceof z.ZodBoolean) return { path, kind: 'choice', values: ['true', 'false'] };
  if (schema instanceof z.ZodNumber) return { path, kind: 'number', values: [] };
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat)
    return { path, kind: 'text', values: [] };
  return undefined;
}
