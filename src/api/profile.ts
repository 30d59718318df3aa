/** Hardware profiles: named defaults for the hardware of new vms (HW-01, HW-59). Two are built in, the rest are people's. */
import { z } from 'zod';
import { idSchema, nameSchema, referenceSchema, timeSchema } from './ids.ts';
import { adapterModels, hardwareSchema } from './vm/hardware.ts';

const meaning = z.string().max(500).meta({ description: 'what it is for' });
const adapterModel = z
  .enum(adapterModels)
  .nullable()
  .meta({ description: "of a new vm's network adapter; null: what its guest knows" });

export const profileSchema = z
  .strictObject({
    kind: z.literal('profile'),
    id: idSchema,
    name: nameSchema,
    meaning,
    hardware: hardwareSchema.meta({
      description: 'without what belongs to one vm: disks, addresses, media, serial numbers',
    }),
    adapterModel,
    builtIn: z.boolean(),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Profile', description: 'a hardware profile' });
export type Profile = z.infer<typeof profileSchema>;

export const profileCreateSchema = z
  .strictObject({
    name: nameSchema,
    meaning: meaning.default(''),
    from: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('profile'), profile: referenceSchema }),
        z.strictObject({ kind: z.literal('vm'), vm: referenceSchema }),
      ])
      .default({ kind: 'profile', profile: 'modern' })
      .meta({ description: 'whose hardware it begins with' }),
    hardware: z
      .record(z.string().max(64), z.json())
      .optional()
      .meta({ description: 'merge patch (RFC 7396) over that hardware' }),
    adapterModel: adapterModel
      .optional()
      .meta({ description: "default: the vm's, or the profile's" }),
  })
  .meta({ id: 'ProfileCreate' });
export type ProfileCreate = z.infer<typeof profileCreateSchema>;
