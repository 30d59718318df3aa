/**
 * A vm that others run comes to an agent of the same computer, with its disks where they are, and goes back (docs/rfd/0034): what the
 * connection to its hypervisor does (`read`, `give`, `plan`, `take`, `put`), and what the agent does with the files (`look`, `own`). What
 * is kept beside the disks, UEFI variables and contents of a TPM, both tell (`fetch`).
 */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { guestRebootActions, vmDefinitionSchema, vmResourcesSchema } from '../vm/definition.ts';
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

export const keptParts = ['uefi-variables', 'tpm'] as const;
export type KeptPart = (typeof keptParts)[number];

/** In which a hypervisor keeps what belongs to a vm beside its disks, and whose the file is. */
const keptFileSchema = z.strictObject({ part: z.enum(keptParts), ...fileOwnerSchema.shape });
export type KeptFile = z.infer<typeof keptFileSchema>;
const keptFiles = z.array(keptFileSchema).max(keptParts.length);

/** UEFI variables of ARM have that many. */
export const maxKeptBytes = 64 * 1024 * 1024;
const maxPackedLength = 6 * 1024 * 1024;

/** Secret, as what a TPM holds is. `content`: gzip of at most `maxKeptBytes`, in base64. */
export const keptContentSchema = z.strictObject({
  part: z.enum(keptParts),
  content: z.base64().max(maxPackedLength),
});
export type KeptContent = z.infer<typeof keptContentSchema>;
export const keptContents = z.array(keptContentSchema).max(keptParts.length);

/** Firmware that a hypervisor runs a vm with. */
const uefiSchema = z.strictObject({
  code: path.meta({ description: 'file of its image' }),
  secureBoot: z.boolean(),
  variablesBytes: z.number().int().min(1).max(maxKeptBytes),
});
export type UefiInUse = z.infer<typeof uefiSchema>;

/** `base`: in the words for its hypervisor, as the text says it; `wanted`: as it is to be there. */
const back = {
  uuid,
  xml,
  base: hardwareSchema,
  wanted: hardwareSchema,
  onGuestReboot: z
    .enum(guestRebootActions)
    .optional()
    .meta({ description: 'absent: as the text says it' }),
  resources: vmResourcesSchema.optional().meta({ description: 'absent: as the text says it' }),
  extensions: vmDefinitionSchema.shape.extensions
    .optional()
    .meta({ description: 'what is kept for other programs; absent: as the text says it' }),
};

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
      kept: keptFiles,
      uefi: uefiSchema.nullable(),
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
  /**
   * What belongs to it beside its disks, of those parts; null where it is not known here. A hypervisor reads the files, known or not.
   * Errors: `refused` unless it is off; `not-found` where a file of a hypervisor is not there.
   */
  'machine.handover.fetch': {
    params: z.strictObject({
      id: idSchema,
      generation: z.number().int().min(0),
      cause: causeSchema,
      kept: keptFiles,
    }),
    result: z.strictObject({ contents: keptContents.nullable() }),
  },
  /** Its hypervisor's files hold these contents, and belong to whom they did. Errors: `refused` while it knows the vm. */
  'machine.handover.put': {
    params: z.strictObject({ id: idSchema, uuid, kept: keptFiles, contents: keptContents }),
    result: z.strictObject({}),
  },
  /** Files of disks as the agent sees them. What a vm may not use, and firmware that it would not run with, is a reason. */
  'machine.handover.look': {
    params: z.strictObject({
      files: z.array(path).max(maxFiles),
      uefi: uefiSchema
        .extend({ machine: hardwareSchema.shape.machine })
        .optional()
        .meta({ description: 'what it is run with at its hypervisor; absent: no UEFI' }),
    }),
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
