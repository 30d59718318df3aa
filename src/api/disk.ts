/** Disks on a host by themselves: whatever lies in its folders for vms, used by one or by none (DISK-37, DISK-66). */
import { z } from 'zod';
import { timeSchema } from './ids.ts';

const disk = {
  path: z.string().meta({ description: 'on the host' }),
  format: z.string().nullable().meta({ description: 'null: it could not be read' }),
  variant: z
    .string()
    .nullable()
    .meta({ description: 'kind within the format: fixed, dynamic, differencing and others' }),
  sizeBytes: z.number().int().min(0).nullable().meta({ description: 'size the guest sees, bytes' }),
  fileBytes: z.number().int().min(0).meta({ description: 'space it takes on its volume, bytes' }),
  identity: z.string().nullable().meta({ description: 'by which its children know it' }),
  parent: z.string().nullable().meta({ description: 'as the file names it; null: none' }),
  problem: z.string().nullable().meta({ description: 'why it could not be read' }),
  parentPath: z.string().nullable().meta({ description: 'where its parent is; null: not found' }),
  children: z.array(z.string()).max(5000).meta({ description: 'disks that have it as parent' }),
  chainBytes: z
    .number()
    .int()
    .min(0)
    .meta({ description: 'space that it and all its parents take, bytes' }),
  orphan: z.enum(['parent-missing', 'unused']).nullable().meta({
    description:
      'parent-missing: its parent is not found; unused: no vm has it, as a disk or below one',
  }),
};

export const hostDiskSchema = z
  .strictObject({
    ...disk,
    vms: z.array(z.string()).max(1000).meta({ description: 'vms that use it, also as a parent' }),
  })
  .meta({ id: 'HostDisk', description: 'a disk on a host' });
export type HostDisk = z.infer<typeof hostDiskSchema>;

export const hostDiskListSchema = z
  .strictObject({
    disks: z.array(hostDiskSchema).max(5000),
    complete: z.boolean().meta({ description: 'false: there are more than were looked at' }),
  })
  .meta({ id: 'HostDisks' });
export type HostDiskList = z.infer<typeof hostDiskListSchema>;

export const hostDiskReportSchema = z
  .strictObject({
    ...hostDiskSchema.shape,
    chain: z.array(z.string()).max(256).meta({ description: 'its parents, the nearest first' }),
    system: z
      .boolean()
      .meta({ description: 'whether its partition table has one that a system starts from' }),
    snapshots: z
      .array(
        z.strictObject({
          id: z.string(),
          name: z.string(),
          takenAt: timeSchema,
          sizeBytes: z.number().int().min(0).meta({ description: 'of the disk then, bytes' }),
          stateBytes: z
            .number()
            .int()
            .min(0)
            .meta({ description: 'memory of the guest kept with it' }),
        }),
      )
      .max(1000)
      .optional()
      .meta({ description: 'inside of its file, as QCOW2 may have them; absent: not told' }),
    findings: z
      .array(
        z.strictObject({
          path: z.string(),
          kind: z.enum(['corruption', 'leak', 'oddity']),
          text: z.string(),
        }),
      )
      .max(1000)
      .meta({ description: 'of it and its parents; empty: all is well' }),
  })
  .meta({ id: 'HostDiskReport', description: 'all that can be said of a disk' });
export type HostDiskReport = z.infer<typeof hostDiskReportSchema>;

/** The format of a disk with its variant, where that tells more: `vhd dynamic`, but `raw`. */
export function formatWords(format: string, variant: string | null): string {
  return variant === null || variant === format ? format : `${format} ${variant}`;
}
