/** Requests by which the files of a vm travel: it is copied, or its files are moved to another place of the host. */
import { z } from 'zod';
import { nameSchema, referenceSchema } from '../ids.ts';
import { maxPace, minPace } from '../operation.ts';
import { networkNameSchema } from './import.ts';
import { diskFormats } from './hardware.ts';

const hostFolder = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^\/[^\0]*$/, 'is not an absolute path')
  .refine((path) => !path.split('/').includes('..'), 'leads outside of its folder');

const maxSeedText = 64 * 1024;

/** Of the configuration disk of a vm, behind the name of its configuration, beside which it lies. */
export const firstBootSuffix = '.first-boot.iso';

/** For a guest with cloud-init, or what else reads a NoCloud configuration disk. */
export const firstBootSchema = z
  .strictObject({
    hostName: z
      .string()
      .max(253)
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i)
      .optional()
      .meta({ description: 'of the guest; default: made of the name of the vm' }),
    userData: z.string().max(maxSeedText).optional().meta({
      description: '#cloud-config or a script; who may copy files of the host can read it',
    }),
    networkConfig: z
      .string()
      .max(maxSeedText)
      .optional()
      .meta({ description: 'network configuration of cloud-init, version 2; default: DHCP' }),
  })
  .meta({ id: 'FirstBoot', description: 'what a guest is told at its first start' });
export type FirstBoot = z.infer<typeof firstBootSchema>;

export const vmCloneSchema = z
  .strictObject({
    name: nameSchema.meta({ description: 'of the copy' }),
    folder: z
      .string()
      .max(1024)
      .optional()
      .meta({ description: "where the copy is filed; default: the vm's folder" }),
    path: hostFolder.optional().meta({
      description:
        "folder of the host for the copy; default: the host's folder for vms; of a full copy of a snapshot: beside the vm",
    }),
    linked: z.boolean().optional().meta({
      description:
        'copy no disks: those of the copy hold what differs from those of the vm, which both keep and neither changes',
    }),
    snapshot: z.string().min(1).max(100).optional().meta({
      description:
        'name or id of a snapshot of the vm that the copy is to be like, whatever the vm does meanwhile; default: the present',
    }),
    quiesce: z.boolean().optional().meta({
      description:
        'of a vm that runs: its guest agent flushes file systems and holds them still for the moment',
    }),
    generalised: z.boolean().optional().meta({
      description:
        'the guest has no identity of its own (sysprep, cloud-init clean): no warning is needed',
    }),
    firstBoot: firstBootSchema.optional().meta({
      description: 'the copy gets a configuration disk in a CD drive, which its guest reads',
    }),
  })
  .meta({ id: 'VmClone' });
export type VmClone = z.infer<typeof vmCloneSchema>;

/** What becomes of disks when a vm moves between hypervisors that others run. */
export const passageStorages = ['copy', 'shared'] as const;
export type PassageStorage = (typeof passageStorages)[number];

export const vmRelocateSchema = z
  .strictObject({
    host: referenceSchema.optional().meta({
      description: 'name or id of the host to which the vm moves with its files; default: its own',
    }),
    path: hostFolder.optional().meta({
      description:
        "folder of the host in which the vm's folder shall be; default on another host: its folder for vms",
    }),
    disks: z.enum(passageStorages).optional().meta({
      description:
        'between libvirt hosts; copy (default): to the same paths there, and they go here; shared: both hosts have them',
    }),
    bytesPerSecond: z.number().int().min(minPace).max(maxPace).optional().meta({
      description:
        'of a vm that runs, between hosts with agents: how fast each of its disks and its memory may go; default: as fast as they can',
    }),
  })
  .refine(({ host, path }) => host !== undefined || path !== undefined, 'names no place')
  .meta({ id: 'VmRelocate' });
export type VmRelocate = z.infer<typeof vmRelocateSchema>;

export const vmAdoptSchema = z
  .strictObject({
    host: referenceSchema.optional().meta({
      description: 'with an agent that sees the same disks; default: the only one that does',
    }),
    networkNames: z.array(networkNameSchema).max(64).default([]).meta({
      description:
        'networks by what its hypervisor calls them, beside those of the installation (foreignNetworks); default: user',
    }),
  })
  .meta({ id: 'VmAdopt' });
export type VmAdopt = z.infer<typeof vmAdoptSchema>;

export const diskRelocateSchema = z
  .strictObject({
    path: hostFolder.nullable().meta({
      description: "folder of the host for the disk's file; null: the vm's own",
    }),
  })
  .meta({ id: 'DiskRelocate' });
export type DiskRelocate = z.infer<typeof diskRelocateSchema>;

export const diskAllocations = ['dynamic', 'fixed'] as const;

export const diskConvertSchema = z
  .strictObject({
    format: z.enum(diskFormats).default('qcow2'),
    allocation: z
      .enum(diskAllocations)
      .default('dynamic')
      .meta({ description: 'fixed: all of its space is taken at once' }),
  })
  .meta({ id: 'DiskConvert' });
export type DiskConvert = z.infer<typeof diskConvertSchema>;

export const diskResizeSchema = z
  .strictObject({
    sizeBytes: z
      .number()
      .int()
      .min(512)
      .max(64 * 1024 ** 4)
      .multipleOf(512)
      .meta({ description: 'size the guest is to see, bytes; not less than now' }),
  })
  .meta({ id: 'DiskResize' });
export type DiskResize = z.infer<typeof diskResizeSchema>;

export const diskCompactSchema = z
  .strictObject({
    freeBlocks: z.enum(['keep', 'drop']).default('keep').meta({
      description:
        'drop: also what ext2 to ext4, XFS and NTFS in it say is free is given back; it reads as zeros then',
    }),
    fixed: z
      .enum(['refuse', 'make-dynamic'])
      .default('refuse')
      .meta({ description: 'what happens where all of the space of the disk was taken at once' }),
  })
  .meta({ id: 'DiskCompact' });
export type DiskCompact = z.infer<typeof diskCompactSchema>;
