/** Recordings of consoles (docs/rfd/0033). */
import { z } from 'zod';
import { idSchema, timeSchema } from '../ids.ts';
import { consoleNames } from './console.ts';

export const recordingEnds = [
  'person',
  'machine',
  'connection',
  'size',
  'time',
  'disk',
  'coordinator',
] as const;
export type RecordingEnd = (typeof recordingEnds)[number];

export const recordingSchema = z
  .strictObject({
    id: idSchema,
    console: z.enum(consoleNames),
    by: z.string().max(100).meta({ description: 'who began it' }),
    state: z.enum(['running', 'ended']),
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
    why: z.enum(recordingEnds).nullable().meta({
      description:
        'why it ended: a person stopped it, the machine went, the connection to it broke (its agent or its host went, or its process was killed), its size (16 MiB, of a screen 128 MiB) or its time (8 h) was full, the disk failed or had no more than 1 GiB left, or the coordinator stopped or was killed; null while it runs',
    }),
    sizeBytes: z.number().int().min(0),
  })
  .meta({ id: 'Recording', description: 'what a screen or serial port showed, with times' });
export type Recording = z.infer<typeof recordingSchema>;

export const recordingStartSchema = z
  .strictObject({ console: z.enum(consoleNames).default('serial1') })
  .meta({ id: 'RecordingStart' });
