/** What is asked of an agent of the snapshots of its vms, and of the files in them. */
import { z } from 'zod';
import { innerPartition, innerPath } from '../disk-files.ts';
import { idSchema, nameSchema } from '../ids.ts';
import { vmDefinitionSchema } from '../vm/definition.ts';
import { causeSchema } from './cause.ts';
import { hostPath } from './disk-methods.ts';
import { machineReportSchema } from './report.ts';

const machine = { id: idSchema, generation: z.number().int().min(0), cause: causeSchema };
const report = z.strictObject({ report: machineReportSchema });

export const snapshotMethods = {
  'machine.snapshot.take': {
    params: z.strictObject({
      ...machine,
      snapshot: z.strictObject({
        id: idSchema,
        name: nameSchema,
        description: z.string().max(4096),
        author: z.string().max(100).nullable(),
        exclude: z.array(z.string().max(32)).max(64),
        memory: z.boolean().default(false),
        quiesce: z.boolean().default(false),
      }),
    }),
    result: report,
  },
  /** The machine is off afterwards. Answers the definition that it has then. */
  'machine.snapshot.revert': {
    params: z.strictObject({
      ...machine,
      snapshotId: idSchema,
      memory: z.enum(['restore', 'leave']).default('leave').meta({
        description: 'restore: refused where the memory that the snapshot holds cannot come back',
      }),
    }),
    result: report.extend({ definition: vmDefinitionSchema }),
  },
  /** After a revert the memory that the snapshot holds becomes the saved state of the machine, where it holds any. */
  'machine.snapshot.recall': {
    params: z.strictObject({ ...machine, snapshotId: idSchema }),
    result: report,
  },
  /** The definition that is kept with it. */
  'machine.snapshot.read': {
    params: z.strictObject({ id: idSchema, snapshotId: idSchema }),
    result: z.strictObject({ definition: vmDefinitionSchema }),
  },
  'machine.snapshot.delete': {
    params: z.strictObject({ ...machine, snapshotId: idSchema }),
    result: report,
  },
  /** Where the file is that holds a disk as it was; without a place its only disk. Errors: `not-found`, `invalid`. */
  'machine.snapshot.disk': {
    params: z.strictObject({
      id: idSchema,
      snapshotId: idSchema,
      place: z.string().max(32).nullable(),
    }),
    result: z.strictObject({ path: hostPath, place: z.string().max(32) }),
  },
  'machine.snapshot.restore-file': {
    params: z.strictObject({
      ...machine,
      snapshotId: idSchema,
      place: z.string().max(32).nullable(),
      partition: innerPartition.nullable(),
      path: innerPath,
    }),
    result: z.strictObject({ sizeBytes: z.number().int().min(0) }),
  },
  'machine.snapshot.change': {
    params: z.strictObject({
      ...machine,
      snapshotId: idSchema,
      name: nameSchema,
      description: z.string().max(4096),
    }),
    result: report,
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
