/** How many more vms of a chosen size a host has room for, and what of it runs out first (HOST-20). */
import { z } from 'zod';
import { giB } from '#lib';

export const vmSizeQuerySchema = z
  .strictObject({
    memoryBytes: z.coerce
      .number()
      .int()
      .min(1)
      .default(giB)
      .meta({ description: 'memory of each vm, without overhead; 1 GiB where it is not said' }),
    processors: z.coerce
      .number()
      .int()
      .min(1)
      .max(1024)
      .default(1)
      .meta({ description: 'virtual processors of each vm' }),
    cpuReservePercent: z.coerce
      .number()
      .min(0)
      .max(100)
      .default(0)
      .meta({ description: 'what of each virtual processor is reserved; 0: they share' }),
    diskBytes: z.coerce
      .number()
      .int()
      .min(0)
      .default(0)
      .meta({ description: 'what the disks of each vm take when they are full' }),
  })
  .meta({ id: 'VmSize' });

export type VmSize = z.infer<typeof vmSizeQuerySchema>;

/** In the order in which they are named where several run out at once. */
export const capacityResources = ['memory', 'processors', 'disk', 'running-limit'] as const;
export type CapacityResource = (typeof capacityResources)[number];

export const hostCapacitySchema = z
  .strictObject({
    fits: z
      .number()
      .int()
      .min(0)
      .meta({ description: 'how many more such vms can run at the same time' }),
    runsOutFirst: z
      .enum(capacityResources)
      .meta({ description: 'what keeps one more from fitting' }),
    resources: z
      .array(
        z.strictObject({
          resource: z.enum(capacityResources),
          free: z.number().min(0).meta({
            description:
              'bytes of memory and disk, processors that nobody has reserved, vms up to the limit',
          }),
          each: z.number().min(0).meta({
            description: 'what one vm takes of it: memory with overhead, disk, reserved processors',
          }),
          fits: z
            .number()
            .int()
            .min(0)
            .nullable()
            .meta({ description: 'how many fit by this alone; null: it sets no limit' }),
        }),
      )
      .max(capacityResources.length),
  })
  .meta({ id: 'HostCapacity', description: 'room on a host for more vms of one size' });

export type HostCapacity = z.infer<typeof hostCapacitySchema>;
