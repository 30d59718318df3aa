/** Where the contents of disks come from, as an agent is told. */
import { z } from 'zod';
import { diskFormats } from '../vm/hardware.ts';
import { digestSchema } from '../upload.ts';
import { diskAllocations } from '../vm/travel.ts';

/** How the first contents of a disk come about; the disk itself stands in the definition. */
export const diskSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('new'),
    file: z.string().max(1024),
    format: z.enum(diskFormats),
    sizeBytes: z.number().int().min(0),
    allocation: z.enum(diskAllocations).optional(),
  }),
  z.strictObject({
    kind: z.literal('image'),
    file: z.string().max(1024),
    format: z.enum(diskFormats),
    sizeBytes: z.number().int().min(0),
    imagePath: z.string().max(1024),
    imageFormat: z.enum(diskFormats),
  }),
  /** A disk of another product, converted. */
  z.strictObject({
    kind: z.literal('foreign'),
    file: z.string().max(1024),
    format: z.enum(diskFormats),
    sizeBytes: z.number().int().min(0),
    sourcePath: z.string().max(1024),
    sourceFormat: z.string().max(32),
    /** What the file has to be. */
    digest: digestSchema.optional(),
  }),
  /** An entire drive of the host, copied. */
  z.strictObject({
    kind: z.literal('drive'),
    file: z.string().max(1024),
    format: z.enum(diskFormats),
    sizeBytes: z.number().int().min(0),
    device: z.string().max(256),
    allocation: z.enum(diskAllocations),
  }),
]);
export type DiskSource = z.infer<typeof diskSourceSchema>;

/** What a disk is to hold: what one of another product does. */
export const diskMatchSchema = z.strictObject({
  disk: z.string().max(1024).meta({ description: 'as the definition names it' }),
  sourcePath: z.string().max(1024),
  sourceFormat: z.string().max(32),
});

/** A copy of a machine for another product, as its host writes it. */
export const handOutSchema = z.strictObject({
  folder: z.string().min(1).max(1024),
  configuration: z.strictObject({
    file: z.string().min(1).max(255),
    base64: z.string().max(8 * 1024 * 1024),
  }),
  disks: z
    .array(
      z.strictObject({
        disk: z.string().max(1024).meta({ description: 'as the definition names it' }),
        file: z.string().min(1).max(255),
        format: z.enum(['vhd', 'vmdk', 'vhdx', 'qcow2']),
        variant: z.string().max(32),
      }),
    )
    .max(64),
  again: z.boolean().optional().meta({
    description: 'it may be there from an earlier try of the same work',
  }),
  /** A manifest beside the configuration; absent: none. */
  package: z
    .strictObject({
      archive: z.string().max(1024).nullable().meta({ description: 'one file for all of it' }),
      signer: z.string().max(1024).nullable().meta({ description: 'PEM file of the host' }),
    })
    .optional(),
});
