/** Filters and sorts look through wrappers and lists. */
import { z } from 'zod';

/** The schemas that may stand where this one stands, wrappers and lists taken off. */
export function unwrapSchema(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  )
    return unwrapSchema(schema.unwrap());
  if (schema instanceof z.ZodArray) return unwrapSchema(schema.element);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrapSchema);
  if (schema instanceof z.ZodPipe) return unwrapSchema(schema.out);
  return [schema];
}
