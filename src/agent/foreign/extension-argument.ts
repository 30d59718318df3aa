/** The argument of an extension that takes more than one text: JSON. */
import type { z } from 'zod';
import { Fault } from '#lib';

/** Errors: `invalid`. */
export function parseArgument<S extends z.ZodType>(schema: S, argument: string): z.infer<S> {
  let value: unknown;
  try {
    value = JSON.parse(argument);
  } catch (cause) {
    throw new Fault('invalid', 'the argument is not JSON', { cause });
  }
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  throw new Fault(
    'invalid',
    `the argument: ${issue?.path.join('/') ?? ''} ${issue?.message ?? ''}`,
  );
}
