/** What is wrong with the installation and the things in it, with the remedy, and who has taken note of it. */
import { z } from 'zod';
import { idSchema, thingSchema, timeSchema } from './ids.ts';
import { findingSchema } from './installation.ts';

export const acknowledgeSchema = z
  .strictObject({
    note: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .meta({ description: 'why nothing is done about it now, or what is' }),
  })
  .meta({ id: 'Acknowledge' });
export type Acknowledge = z.infer<typeof acknowledgeSchema>;

export const acknowledgementSchema = z
  .strictObject({
    by: z.string().max(100).meta({ description: 'name of the user' }),
    note: z.string().max(500),
    at: timeSchema,
  })
  .meta({ id: 'Acknowledgement' });
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;

export const warningIdSchema = z.string().min(1).max(64);

export const warningSchema = findingSchema
  .extend({
    id: warningIdSchema.meta({ description: 'the same whenever the same thing is wrong' }),
    thing: thingSchema.meta({ description: 'what it is about' }),
    hostId: idSchema
      .nullable()
      .meta({ description: 'the host that this is, or is on; null: none' }),
    acknowledged: acknowledgementSchema
      .nullable()
      .meta({ description: 'null: nobody has, since it began or came back' }),
  })
  .meta({ id: 'Warning', description: 'something that is wrong now, with the remedy' });
export type Warning = z.infer<typeof warningSchema>;

/** Of more, the gravest that nobody has taken note of come first. */
export const maxWarnings = 1000;

export const warningsSchema = z
  .strictObject({
    items: z.array(warningSchema).max(maxWarnings),
    total: z.number().int().min(0).meta({ description: 'how many there are, listed or not' }),
  })
  .meta({ id: 'Warnings' });
export type Warnings = z.infer<typeof warningsSchema>;
