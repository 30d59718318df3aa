/** Requests about disks, adapters, files and folders of a vm. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import { dryRunQuerySchema } from '../list.ts';
import { patchOf } from '../patch.ts';
import { powerActions } from './actions.ts';
import {
  adapterSchema,
  diskBuses,
  diskFormats,
  diskSchema,
  hostDrivePath,
  traySchema,
  vmDiskFormats,
} from './hardware.ts';
import { diskLimitsSchema } from './disk-limits.ts';
import { diskAllocations } from './travel.ts';

export const vmAddSchema = z
  .strictObject({
    host: referenceSchema.optional(),
    file: z.string().min(1).max(1024).meta({ description: 'configuration file on the host' }),
    folder: z.string().max(1024).default('/'),
  })
  .meta({ id: 'VmAdd' });

export const vmMoveSchema = z
  .strictObject({ folder: z.string().min(1).max(1024).meta({ description: 'id or path' }) })
  .meta({ id: 'VmMove' });

export const vmDeleteQuerySchema = z.strictObject({
  dryRun: z.stringbool().default(false).meta({ description: 'check everything, change nothing' }),
  disks: z.enum(['delete', 'keep']).default('delete').meta({
    description:
      'keep: of a vm of a libvirt host the definition alone goes; on a host with an agent remove does that',
  }),
});

export const mediumQuerySchema = dryRunQuerySchema.extend({ tray: traySchema.default('ask') });

export const vmFilesSchema = z
  .strictObject({
    folder: z.string(),
    files: z
      .array(
        z.strictObject({
          path: z.string(),
          role: z.enum([
            'configuration',
            'disk',
            'undo',
            'snapshot',
            'saved-state',
            'firmware',
            'tpm',
            'log',
            'port',
            'other',
          ]),
          sizeBytes: z
            .number()
            .int()
            .min(0)
            .meta({ description: 'space that it takes on its volume' }),
          maxBytes: z.number().int().min(0).nullable().default(null).meta({
            description: 'size of the disk, which the file may grow to; null: it is none',
          }),
          freeBytes: z
            .number()
            .int()
            .min(0)
            .nullable()
            .default(null)
            .meta({ description: 'what is free on its volume; null: not known' }),
          parent: z
            .string()
            .nullable()
            .default(null)
            .meta({ description: 'the file that a layer of a disk lies on; null: none' }),
          deleted: z.boolean().meta({ description: 'whether a delete would delete it' }),
          keptBecause: z.string().nullable().meta({ description: 'why a delete keeps it' }),
          sharedWith: z.array(z.string().max(100)).max(1000).optional().meta({
            description: 'vms that have the same file under a name of their own: linked clones',
          }),
        }),
      )
      .max(1000),
  })
  .meta({ id: 'VmFiles' });
export type VmFiles = z.infer<typeof vmFilesSchema>;

export const vmBulkSchema = z
  .strictObject({
    action: z.enum(powerActions),
    vms: z.array(referenceSchema).min(1).max(1000).meta({ description: 'names or ids' }),
  })
  .meta({ id: 'VmBulk' });
export type VmBulk = z.infer<typeof vmBulkSchema>;

export const newAllocation = z.enum(diskAllocations).optional().meta({
  description:
    'dynamic: takes space as it is written, the default; fixed: takes all of it at once and never gives it back, in the format raw',
});

const at = {
  bus: z.enum(diskBuses).optional().meta({ description: "default: the profile's" }),
  controller: z.number().int().min(0).max(3).optional(),
  position: z
    .number()
    .int()
    .min(0)
    .max(23)
    .optional()
    .meta({ description: 'default: the first free one' }),
};

const sharedDisk = diskSchema.shape.shared;
const { limits } = diskSchema.shape;

export const diskAttachSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('new'),
      sizeBytes: z.number().int().min(1),
      format: z.enum(diskFormats).default('qcow2'),
      allocation: newAllocation,
      file: z.string().min(1).max(100).optional(),
      shared: sharedDisk,
      limits,
      ...at,
    }),
    z.strictObject({
      kind: z.literal('existing'),
      file: z.string().min(1).max(1024),
      format: z.enum(vmDiskFormats),
      readOnly: z.boolean().default(false),
      shared: sharedDisk,
      limits,
      ...at,
    }),
    z
      .strictObject({
        kind: z.literal('import'),
        file: z.string().min(1).max(1024).meta({
          description:
            'a disk on the host in any format that is read: VMDK, VHD, VHDX, VDI and others',
        }),
        format: z.enum(diskFormats).default('qcow2').meta({ description: 'of the copy' }),
        limits,
        ...at,
      })
      .meta({ description: 'a copy of a disk of another product, with all its parents' }),
    z
      .strictObject({
        kind: z.literal('linked'),
        device: z
          .string()
          .regex(/^\/dev\/[\w./-]{1,200}$/)
          .meta({ description: 'an entire drive of the host, for example /dev/sdb' }),
        ...at,
      })
      .meta({ description: 'a linked disk: only to be converted; the vm does not start with it' }),
    z
      .strictObject({
        kind: z.literal('device'),
        device: hostDrivePath.meta({
          description:
            'an entire drive or LUN of the host, for example /dev/disk/by-id/wwn-0x5000c500a1b2c3d4',
        }),
        readOnly: z.boolean().default(false),
        limits,
        ...at,
      })
      .meta({
        description:
          'a raw device: the running vm reads and writes the drive itself; takes the right host.drives',
      }),
  ])
  .meta({ id: 'DiskAttach' });
export type DiskAttach = z.infer<typeof diskAttachSchema>;

export const diskChangeSchema = z
  .strictObject({
    limits: diskLimitsSchema
      .nullable()
      .meta({ description: 'all of them, instead of those that it has; null: none' }),
  })
  .meta({ id: 'DiskChange' });
export type DiskChange = z.infer<typeof diskChangeSchema>;

export const adapterAttachSchema = patchOf(adapterSchema).meta({
  id: 'AdapterAttach',
  description: "what is left out comes from the vm's profile",
});
export type AdapterAttach = z.infer<typeof adapterAttachSchema>;

export const adapterChangeSchema = patchOf(
  adapterSchema.pick({
    mac: true,
    macMode: true,
    attachment: true,
    link: true,
    optional: true,
    bandwidth: true,
    priority: true,
    firewall: true,
    addresses: true,
    vlans: true,
  }),
).meta({
  id: 'AdapterChange',
  description:
    'what is left out stays as it is; a MAC address that is given is static, and macMode dynamic alone gives a new one, at the next start',
});
export type AdapterChange = z.infer<typeof adapterChangeSchema>;

export const effectiveHardwareSchema = z
  .strictObject({
    running: z
      .boolean()
      .meta({ description: 'as the running vm has it, or as the next start will make it' }),
    accelerator: z.string(),
    devices: z
      .array(
        z.strictObject({
          device: z.string().meta({ description: 'what it is: disk, network adapter' }),
          bus: z.string(),
          position: z.string().nullable(),
          model: z.string(),
          address: z.string().nullable().meta({ description: 'PCI address or port' }),
          resource: z.string().nullable().meta({ description: 'what it is mapped to on the host' }),
        }),
      )
      .max(500),
  })
  .meta({ id: 'EffectiveHardware' });
export type EffectiveHardware = z.infer<typeof effectiveHardwareSchema>;
