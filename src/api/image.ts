/** Images: what machines are made from and what is put into drives (HW-42). They lie on hosts. */
import { z } from 'zod';
import { idSchema, nameSchema, referenceSchema, timeSchema } from './ids.ts';

export const imageKinds = ['disk', 'cd', 'floppy'] as const;

export const imageSchema = z
  .strictObject({
    kind: z.literal('image'),
    id: idSchema,
    name: nameSchema,
    imageKind: z.enum(imageKinds),
    format: z.enum(['qcow2', 'raw']),
    sizeBytes: z.number().int().min(0).meta({ description: 'virtual size' }),
    fileBytes: z.number().int().min(0),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
    guestOs: z.string().max(64).nullable(),
    description: z.string().max(1000),
    hostId: idSchema,
    host: z.string(),
    path: z.string().max(1024),
    builtFrom: z
      .string()
      .max(64)
      .nullable()
      .meta({ description: 'recipe of the image builder, or null' }),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Image' });
export type Image = z.infer<typeof imageSchema>;

export const imageRecipes = [
  'starter',
  'starter-iso',
  'starter-floppy',
  'netboot-floppy',
  'additions',
  'additions-windows',
  'drivers-floppy',
  'debian',
] as const;
export type ImageRecipe = (typeof imageRecipes)[number];

/** Those that are made with a CD of drivers for Windows (GA-31). */
export const driverRecipes: ReadonlySet<ImageRecipe> = new Set([
  'additions-windows',
  'drivers-floppy',
]);

export const imageBuildSchema = z
  .strictObject({
    recipe: z.enum(imageRecipes),
    name: nameSchema.optional().meta({ description: "default: the recipe's name" }),
    host: referenceSchema.optional(),
    drivers: z.string().min(1).max(1024).optional().meta({
      description:
        'additions-windows, drivers-floppy: virtio-win.iso on the host, in its search path or where packages put it; default: the newest found there',
    }),
  })
  .meta({ id: 'ImageBuild' });
export type ImageBuild = z.infer<typeof imageBuildSchema>;

export const imageAddSchema = z
  .strictObject({
    name: nameSchema,
    host: referenceSchema.optional(),
    file: z
      .string()
      .min(1)
      .max(1024)
      .meta({ description: 'file on the host, inside its search path' }),
    imageKind: z
      .enum(imageKinds)
      .optional()
      .meta({ description: 'default: what the content of the file says' }),
    format: z
      .enum(['qcow2', 'raw'])
      .optional()
      .meta({ description: 'default: what the content of the file says' }),
    guestOs: z.string().max(64).optional(),
    description: z.string().max(1000).default(''),
  })
  .meta({ id: 'ImageAdd' });
export type ImageAdd = z.infer<typeof imageAddSchema>;
