/** Operations: work in progress, with steps; watched, waited for, cancelled; survives a restart. */
import { z } from 'zod';
import { idSchema, thingSchema, timeSchema } from './ids.ts';
import { operationStates } from './operation-state.ts';

export const faultDataSchema = z
  .strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    facts: z.record(z.string(), z.unknown()).optional(),
    reasons: z
      .array(z.strictObject({ code: z.string(), text: z.string(), remedy: z.string().optional() }))
      .optional(),
  })
  .meta({ id: 'FaultData', description: 'why it failed' });

/** The path of the event log, filtered to what belongs to a correlation id (EVT-08). */
export function logPath(correlationId: string): string {
  return `/api/v1/events?${new URLSearchParams({ filter: `correlationId = ${correlationId}` }).toString()}`;
}

export const operationFaultSchema = faultDataSchema
  .extend({ log: z.string().meta({ description: 'path of the event log, filtered to it' }) })
  .meta({ id: 'OperationFault', description: 'why it failed' });

export const stepSchema = z
  .strictObject({
    name: z.string().max(64),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'undoing', 'undone', 'skipped']),
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
    progress: z.number().min(0).max(1).nullable(),
    note: z.string().max(300).nullable().meta({ description: 'what it is doing, for people' }),
  })
  .meta({ id: 'Step' });

export const operationSchema = z
  .strictObject({
    kind: z.literal('operation'),
    id: idSchema,
    action: z
      .string()
      .max(64)
      .meta({ description: 'what is done: vm.start, vm.create, image.build' }),
    target: thingSchema.meta({ description: 'to what' }),
    hostId: idSchema.nullable().meta({
      description: 'the host that this was on, or was to be on, when it began; null: on none',
    }),
    state: z.enum(operationStates),
    progress: z.number().min(0).max(1).nullable(),
    steps: z.array(stepSchema).max(64),
    actor: z.string().max(100).meta({ description: 'name of the user or reconciler' }),
    correlationId: idSchema.meta({ description: 'also in its events' }),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
    fault: operationFaultSchema.nullable(),
    result: z.record(z.string(), z.json()).nullable(),
  })
  .meta({ id: 'Operation', description: 'work in progress or finished' });

export type Operation = z.infer<typeof operationSchema>;
export type Step = z.infer<typeof stepSchema>;

/** Beyond that nothing is slowed down. */
export const minPace = 64 * 1024;
export const maxPace = 1024 ** 4;

export const operationPaceSchema = z
  .strictObject({
    bytesPerSecond: z.number().int().min(minPace).max(maxPace).nullable().meta({
      description:
        'of each disk, also of a vm that is off; null: what the host lets work on disks take',
    }),
  })
  .meta({ id: 'OperationPace' });
export type OperationPace = z.infer<typeof operationPaceSchema>;
