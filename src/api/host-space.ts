/** What a host does when a volume with disks of vms fills up (DISK-49 to DISK-53). */
import { z } from 'zod';

const thresholdSchema = z
  .union([
    z.strictObject({ bytes: z.number().int().min(0) }),
    z.strictObject({ percent: z.number().min(0).max(100) }),
  ])
  .meta({ id: 'SpaceThreshold', description: 'free space of a volume, or its part of the volume' });
export type SpaceThreshold = z.infer<typeof thresholdSchema>;

const mebibyte = 1024 * 1024;

const ruleSchema = z.strictObject({
  warn: thresholdSchema
    .default({ percent: 5 })
    .meta({ description: 'below it each vm with a growing disk on the volume is warned of' }),
  pause: thresholdSchema
    .default({ bytes: 64 * mebibyte })
    .meta({ description: 'below it vms with growing disks on the volume are paused' }),
  resume: z
    .enum(['automatic', 'by-hand'])
    .default('automatic')
    .meta({ description: 'how they go on when there is room again' }),
});

export const lowSpaceSchema = ruleSchema
  .extend({
    volumes: z
      .array(ruleSchema.extend({ path: z.string().min(1).max(1024) }))
      .max(64)
      .default([])
      .meta({
        description: 'other rules for volumes, by the path under which the host lists them',
      }),
  })
  .meta({ id: 'LowSpace' });
export type LowSpace = z.infer<typeof lowSpaceSchema>;
export type LowSpaceRule = z.infer<typeof ruleSchema>;

/** The rule that is for a volume. */
export function lowSpaceRule(settings: LowSpace, path: string): LowSpaceRule {
  return settings.volumes.find((volume) => volume.path === path) ?? settings;
}

/** In bytes, of a volume of that size. */
export function thresholdBytes(threshold: SpaceThreshold, totalBytes: number): number {
  return 'bytes' in threshold ? threshold.bytes : (threshold.percent / 100) * totalBytes;
}
