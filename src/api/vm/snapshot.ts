/** Snapshots of a vm: named points to which disks and hardware can be taken back. A tree; docs/rfd/0012. */
import { innerPartition, innerPath } from '../disk-files.ts';
import { z } from 'zod';
import { idSchema, nameSchema, referenceSchema, timeSchema } from '../ids.ts';

/** An agent's record of a vm holds them all. */
export const maxSnapshots = 256;

export const snapshotSchema = z
  .strictObject({
    id: idSchema,
    name: nameSchema,
    description: z.string().max(4096),
    author: z.string().max(100).nullable().meta({ description: 'who took it' }),
    takenAt: timeSchema,
    parent: idSchema.nullable().meta({ description: 'the snapshot that it was taken after' }),
    present: z.boolean().meta({ description: 'whether the vm goes on from it now' }),
    sizeBytes: z
      .number()
      .int()
      .min(0)
      .meta({ description: 'of the files of its disks on the host, when it was taken' }),
    // An agent of before takes them of vms that are off only.
    takenWhile: z
      .enum(['off', 'running', 'paused'])
      .default('off')
      .meta({ description: 'what the vm did when it was taken' }),
    memoryBytes: z
      .number()
      .int()
      .min(0)
      .nullable()
      .default(null)
      .meta({ description: 'of the memory that it holds; null: disks and hardware only' }),
    quiesced: z
      .boolean()
      .default(false)
      .meta({ description: 'whether the guest held its file systems still for it' }),
  })
  .meta({ id: 'Snapshot', description: 'a named point of a vm' });
export type Snapshot = z.infer<typeof snapshotSchema>;

export const snapshotListSchema = z
  .strictObject({ items: z.array(snapshotSchema).max(maxSnapshots) })
  .meta({ id: 'SnapshotList', description: 'in the order in which they were taken' });

export const snapshotTakeSchema = z
  .strictObject({
    name: nameSchema,
    description: z.string().max(4096).default(''),
    exclude: z.array(z.string().max(32)).max(64).default([]).meta({
      description: 'places of shared disks to leave out; a shared disk is in no snapshot',
    }),
    memory: z.boolean().default(false).meta({
      description: 'of a vm that runs or is paused: with its memory, so that it goes on there',
    }),
    quiesce: z.boolean().default(false).meta({
      description:
        'of a vm that runs: its guest agent flushes file systems and holds them still; not with memory',
    }),
    atLimit: z.enum(['refuse', 'replace-oldest']).default('refuse').meta({
      description:
        'what happens where the vm has as many snapshots as settings.snapshots.limit says',
    }),
  })
  .meta({ id: 'SnapshotTake' });
export type SnapshotTake = z.input<typeof snapshotTakeSchema>;

export const snapshotRevertSchema = z
  .strictObject({
    snapshotFirst: nameSchema
      .optional()
      .meta({ description: 'take a snapshot of the present under this name before it is lost' }),
    memory: z.enum(['restore', 'leave']).default('restore').meta({
      description:
        'restore: a snapshot with memory goes on where it was; leave: disks and hardware only, the vm is off',
    }),
  })
  .meta({ id: 'SnapshotRevert' });
export type SnapshotRevert = z.input<typeof snapshotRevertSchema>;

export const snapshotPatchSchema = z
  .strictObject({ name: nameSchema.optional(), description: z.string().max(4096).optional() })
  .meta({ id: 'SnapshotPatch' });
export type SnapshotPatch = z.infer<typeof snapshotPatchSchema>;

export const snapshotParamsSchema = z.strictObject({
  vm: referenceSchema,
  snapshot: referenceSchema,
});

/** A file inside a disk as it is in a snapshot. */
export const snapshotFileSchema = z
  .strictObject({
    disk: z.string().max(32).optional().meta({
      description:
        'place of the disk, for example virtio0:0; the only one of the snapshot when absent',
    }),
    partition: innerPartition.optional(),
    path: innerPath,
  })
  .meta({ id: 'SnapshotFile', description: 'a file inside a snapshot' });
export type SnapshotFile = z.infer<typeof snapshotFileSchema>;
