/** Events: facts that happened, in one ordered stream. */
import { z } from 'zod';
import { thingSchema, timeSchema } from '../ids.ts';

export const severities = ['information', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** EVT-04, those in use. */
export const categories = [
  'Virtual Machine',
  'Setting Change',
  'Disk',
  'Network',
  'Host',
  'Coordinator',
  'Console',
  'Security',
  'Image',
] as const;
export type Category = (typeof categories)[number];

export const actorSchema = z
  .strictObject({
    kind: z.enum(['user', 'system', 'guest', 'external', 'schedule', 'plan']),
    name: z.string().max(100),
  })
  .meta({ id: 'Actor', description: 'by whose hand; external: another tool' });

export type Actor = z.infer<typeof actorSchema>;

export const attributeSchema = z.union([z.string().max(65536), z.number(), z.boolean(), z.null()]);

export const eventSchema = z
  .strictObject({
    seq: z.number().int().min(1).meta({ description: 'place in the one order of all events' }),
    name: z.string().max(64).meta({ description: 'name in the catalogue' }),
    type: z.enum(severities),
    time: timeSchema,
    category: z.enum(categories),
    message: z.string().max(2000),
    target: thingSchema,
    ancestors: z
      .array(thingSchema)
      .max(16)
      .meta({ description: 'host, folders, installation at the time' }),
    actor: actorSchema,
    origin: z.string().max(64).nullable().meta({ description: 'address the request came from' }),
    correlationId: z
      .string()
      .max(64)
      .nullable()
      .meta({ description: 'the operation or request it belongs to' }),
    attributes: z.record(z.string().max(64), attributeSchema),
  })
  .meta({ id: 'Event', description: 'a fact that happened' });

export type Event = z.infer<typeof eventSchema>;
export type Attribute = z.infer<typeof attributeSchema>;

/** An event as a list shows it (EVT-54): once, or with `expanded` once for each thing in whose log it is. */
export const eventEntrySchema = eventSchema
  .extend({
    level: thingSchema.optional().meta({
      description:
        'with expanded: the thing in whose log this entry stands, the target or one above it',
    }),
  })
  .meta({ id: 'EventEntry', description: 'an event as a list shows it' });

export type EventEntry = z.infer<typeof eventEntrySchema>;

export const eventPageSchema = z
  .strictObject({
    items: z.array(eventEntrySchema),
    nextCursor: z.string().nullable().meta({ description: 'null at the end' }),
    total: z.number().int().nullable().meta({
      description:
        'how many events match, each counted once; null where counting would mean reading the whole log',
    }),
  })
  .meta({ id: 'EventPage' });
export type EventPage = z.infer<typeof eventPageSchema>;

export const eventClearSchema = z
  .strictObject({ before: timeSchema.meta({ description: 'events before this time go' }) })
  .meta({ id: 'EventClear' });

export const eventClearedSchema = z
  .strictObject({ count: z.number().int().min(0).meta({ description: 'how many events went' }) })
  .meta({ id: 'EventCleared' });
