/** Path parameters that several groups of routes have. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';

export const one = <N extends string>(
  name: N,
): z.ZodObject<Record<N, typeof referenceSchema>, z.core.$strict> =>
  z.strictObject({ [name]: referenceSchema } as Record<N, typeof referenceSchema>);
