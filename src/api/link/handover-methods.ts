/**
 * A vm that others run comes to an agent of the same computer, with its disks where they are, and goes back (docs/rfd/0034): what the
 * connection to its hypervisor does (`read`, `give`, `plan`, `take`), and what the agent does with the files (`look`, `own`).
 */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { hardwareSchema } from '../vm/hardware.ts';
import { startCheckSchema } from '../vm/vm.ts';
import { causeSchema } from './cause.ts';
import { machineReportSchema } from './report.ts';

const maxXmlLength = 4 * 1024 * 1024;
const maxFiles = 64;
const path = z.string().min(1).max(1024);
const uuid = z.string().max(36).meta({ description: 'that its guest reads' });
const xml = z.string().max(maxXmlLength).meta({
  description: 'its definition at its hypervisor, with all that is secret in it',
});
const reasons = startCheckSchema.shape.reasons;

/** Equal on both sides for one file: when its inode was changed last, in seconds since 1970; null where it is not there. */
const seenFileSchema = z.strictObject({
  file: path,
  changed: z
    .string()
    .regex(/^\d{1,12}\.\d{9}$/)
    .nullable(),
});
export type SeenFile = z.infer<typeof seenFileSchema>;
const seenFiles = z.array(seenFileSchema).max(maxFiles);

/** Who owned a file before a vm of Gantry had it. */
export const fileOwnerSchema = z.strictObject({
  file: path,
  uid: z.number().int().min(0),
  gid: z.number().int().min(0),
  mode: z.number().int().min(0).max(0o777),
});
export type FileOwner = z.infer<typeof fileOwnerSchema>;

/** `base`: in the words for its hypervisor, as the text says it; `wanted`: as it is to be there. */
const back = { uuid, xml, base: hardwareSchema, wanted: hardwareSchema };

export const handoverMethods = {
  /** All that is needed to bring it back as it was, and what stands against giving it away. */
  'machine.handover.read': {
    params: z.strictObject({ id: idSchema }),
    result: z.strictObject({
      xml,
      startsWithHost: z.boolean(),
      files: seenFiles,
      unmodelled: z.array(z.string().max(120)).max(100).meta({
        description: 'what Gantry has no word for',
      }),
      reasons,
    }),
  },
  /**
   * Its hypervisor knows it no more; its disks, and all else of it there, stay. Given already it is given. Errors: `stale` where it is
   * defined otherwise than in `xml` (null: however it is); `refused` unless it is off, with the vm as it was.
   */
  'machine.handover.give': {
    params: z.strictObject({
      id: idSchema,
      uuid,
      generation: z.number().int().min(0),
      cause: causeSchema,
      xml: xml.nullable(),
    }),
    result: z.strictObject({}),
  },
  /** What stands against taking it back, and the files as its hypervisor sees them. */
  'machine.handover.plan': {
    params: z.strictObject({
      ...back,
      mayBeThere: z
        .boolean()
        .optional()
        .meta({ description: 'that it knows it already stands against nothing' }),
    }),
    result: z.strictObject({ files: seenFiles, reasons }),
  },
  /** Its hypervisor knows it again, under the same id here. Known already it stays as it is. */
  'machine.handover.take': {
    params: z.strictObject({ ...back, id: idSchema, startsWithHost: z.boolean() }),
    result: z.strictObject({}),
  },
  /** How the vm is there now. */
  'machine.handover.end': {
    params: z.strictObject({ id: idSchema }),
    result: z.strictObject({ report: machineReportSchema }),
  },
  /** Files of disks as the agent sees them. What a vm may not use is a reason. */
  'machine.handover.look': {
    params: z.strictObject({ files: z.array(path).max(maxFiles) }),
    result: z.strictObject({
      files: seenFiles,
      owners: z.array(fileOwnerSchema).max(maxFiles),
      reasons,
    }),
  },
  /** Gives files to whom they belonged. One that is gone is left out. */
  'machine.handover.own': {
    params: z.strictObject({ owners: z.array(fileOwnerSchema).max(maxFiles) }),
    result: z.strictObject({}),
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
