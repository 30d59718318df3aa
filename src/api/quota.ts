/**
 * Quotas: how much the vms in a folder, and in those below it, may have together (docs/rfd/0038). A vm counts with what
 * its definition says, whether it runs or not.
 */
import { z } from 'zod';
import { idSchema, nameSchema, timeSchema } from './ids.ts';
import type { VmDefinition } from './vm/definition.ts';

/** What quotas limit. */
export const quotaMeasures = ['vms', 'processors', 'memoryBytes', 'diskBytes'] as const;
export type QuotaMeasure = (typeof quotaMeasures)[number];

export type QuotaUse = Readonly<Record<QuotaMeasure, number>>;
export const noUse: QuotaUse = { vms: 0, processors: 0, memoryBytes: 0, diskBytes: 0 };

const limit = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullable();
const used = z.number().int().min(0);

export const quotaLimitsSchema = z
  .strictObject({
    vms: limit.default(null).meta({ description: 'how many vms' }),
    processors: limit.default(null).meta({ description: 'virtual processors of all of them' }),
    memoryBytes: limit.default(null).meta({ description: 'memory of all of them, bytes' }),
    diskBytes: limit
      .default(null)
      .meta({ description: 'virtual sizes of the disks of all of them, bytes' }),
  })
  .meta({ id: 'QuotaLimits', description: 'null: no limit' });
export type QuotaLimits = z.infer<typeof quotaLimitsSchema>;

export const quotaUseSchema = z
  .strictObject({ vms: used, processors: used, memoryBytes: used, diskBytes: used })
  .meta({ id: 'QuotaUse', description: 'what vms have, and operations under way will give them' });

export const quotaSchema = z
  .strictObject({
    id: idSchema.meta({ description: 'of the folder' }),
    folder: z.string().max(1024).meta({ description: 'path of the folder' }),
    limits: quotaLimitsSchema,
    used: quotaUseSchema,
    updatedAt: timeSchema.nullable().meta({ description: 'null: the folder has no quota' }),
  })
  .meta({ id: 'Quota', description: 'of a folder and all below it' });
export type Quota = z.infer<typeof quotaSchema>;

export const quotasSchema = z
  .strictObject({ items: z.array(quotaSchema) })
  .meta({ id: 'Quotas', description: 'by path' });

/** A template that the caller may make vms of. */
const offeredTemplateSchema = z
  .strictObject({
    id: idSchema,
    name: nameSchema,
    description: z.string().max(4096),
    guestOs: z.string(),
    takes: quotaUseSchema.meta({ description: 'what a vm made of it counts with' }),
    places: z
      .array(idSchema)
      .meta({ description: 'ids of the folders in which the caller may make vms of it' }),
  })
  .meta({ id: 'OfferedTemplate' });

const offeredPlaceSchema = z
  .strictObject({
    id: idSchema.meta({ description: 'of the folder' }),
    path: z.string().max(1024),
    quotas: z
      .array(quotaSchema)
      .meta({ description: 'those that count there: its own and those of folders above' }),
  })
  .meta({ id: 'OfferedPlace' });

export const offersSchema = z
  .strictObject({
    templates: z.array(offeredTemplateSchema),
    places: z.array(offeredPlaceSchema),
  })
  .meta({ id: 'Offers', description: 'what the caller may make by themselves, and where' });
export type Offers = z.infer<typeof offersSchema>;

/** What a vm with the definition counts with. An entire drive of the host is no space of a folder's. */
export function useOf({ hardware }: VmDefinition): QuotaUse {
  return {
    vms: 1,
    processors: hardware.processor.count,
    memoryBytes: hardware.memory.sizeBytes,
    diskBytes: hardware.disks
      .filter(({ kind }) => kind !== 'device')
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

/** Each measure made of those of both. */
export function mixUse(
  one: QuotaUse,
  other: QuotaUse,
  mix: (one: number, other: number) => number,
): QuotaUse {
  return {
    vms: mix(one.vms, other.vms),
    processors: mix(one.processors, other.processors),
    memoryBytes: mix(one.memoryBytes, other.memoryBytes),
    diskBytes: mix(one.diskBytes, other.diskBytes),
  };
}
