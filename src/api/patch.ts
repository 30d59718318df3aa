/**
 * The schema of a change: every field may be left out, and what is left out stays as it is. `partial()`
 * alone would not do: a field with a default would be set back to it by every change of another one.
 */
import { z } from 'zod';

type WithoutDefault<S> = S extends z.ZodDefault<infer Inner> ? Inner : S;
type PatchShape<Shape extends z.ZodRawShape> = {
  [K in keyof Shape]: z.ZodOptional<WithoutDefault<Shape[K]>>;
};

export function patchOf<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
): z.ZodObject<PatchShape<Shape>, z.core.$strict> {
  const fields = Object.entries(schema.shape).map(([name, field]) => {
    const inner = field instanceof z.ZodDefault ? field.unwrap() : field;
    return [name, z.optional(inner as z.ZodType)] as const;
  });
  return z.strictObject(Object.fromEntries(fields) as unknown as PatchShape<Shape>);
}
