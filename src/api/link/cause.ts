/** Who is behind a call, for the events it leads to. */
import { z } from 'zod';
import { actorSchema } from '../event/event.ts';

export const causeSchema = z.strictObject({
  actor: actorSchema,
  correlationId: z.string().max(64).nullable(),
});
export type Cause = z.infer<typeof causeSchema>;
