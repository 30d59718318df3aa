/** Recordings of serial ports. */
import { z } from 'zod';
import { idSchema, timeSchema } from '../ids.ts';

export const recordedConsoles = ['serial1', 'serial2'] as const;

export const recordingEnds = ['person', 'machine', 'size', 'time', 'disk', 'coordinator'] as const;
export type RecordingEnd = (typeof recordingEnds)[number];

export const recordingSchema = z
  .strictObject({
    id: idSchema,
    console: z.enum(recordedConsoles),
    by: z.string().max(100).meta({ description: 'who began it' }),
    state: z.enum(['running', 'ended']),
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
    why: z.enum(recordingEnds).nullable().meta({
      description:
        'why it ended: a person stopped it, the machine went, 16 MiB or 8 h were full, the disk failed, or the coordinator stopped; null while it runs, or after the coordinator was killed',
    }),
    sizeBytes: z.number().int().min(0),
  })
  .meta({ id: 'Recording', description: 'what a serial port said, with times' });
export type Recording = z.infer<typeof recordingSchema>;

export const recordingStartSchema = z
  .strictObject({ console: z.enum(recordedConsoles).default('serial1') })
  .meta({ id: 'RecordingStart' });
