/**
 * Limits of a disk: how much the guest reads and writes there in a second, by bytes and by operations. The bounds are QEMU's
 * (qapi/block-core.json, BlockIOThrottle), whose emulation keeps them; what it would refuse is said here in words for people.
 */
import { z } from 'zod';

/** QEMU counts in no larger numbers (include/qemu/throttle.h, THROTTLE_VALUE_MAX). */
const most = 1_000_000_000_000_000;
const amount = z.number().int().min(1).max(most);
/** A day. */
const maxBurstSeconds = 86_400;

export const diskRateSchema = z
  .strictObject({
    perSecond: amount.meta({ description: 'most in a second' }),
    burstPerSecond: amount.nullish().meta({
      description: 'most in a second for a while, once less than the limit was used; null: none',
    }),
    burstSeconds: z.number().int().min(1).max(maxBurstSeconds).nullish().meta({
      description: 'how long a burst at its most goes on; null: 1 second',
    }),
  })
  .superRefine(({ perSecond, burstPerSecond, burstSeconds }, context) => {
    const tell = (name: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (!isSaid(burstPerSecond)) {
      if (isSaid(burstSeconds)) tell('burstSeconds', 'there is no burst: give burstPerSecond');
    } else if (burstPerSecond < perSecond)
      tell('burstPerSecond', 'is below the limit above which a burst goes');
    else if (burstPerSecond * (burstSeconds ?? 1) > most)
      tell('burstSeconds', `is more than QEMU counts at ${burstPerSecond} in a second`);
  })
  .meta({ id: 'DiskRate', description: 'a limit, with the bursts that may go above it' });
export type DiskRate = z.infer<typeof diskRateSchema>;

/** One of all, or one of each way: what is limited together is not limited by itself, too. */
export const diskRateNames = [
  'bytes',
  'readBytes',
  'writtenBytes',
  'operations',
  'reads',
  'writes',
] as const;
export type DiskRateName = (typeof diskRateNames)[number];

const families = [
  { total: 'bytes', ways: ['readBytes', 'writtenBytes'] },
  { total: 'operations', ways: ['reads', 'writes'] },
] as const;

const rate = (description: string) => diskRateSchema.nullish().meta({ description });

export const diskLimitsSchema = z
  .strictObject({
    bytes: rate('read and written together, instead of a limit of each'),
    readBytes: rate('that the guest reads'),
    writtenBytes: rate('that the guest writes'),
    operations: rate('reads and writes together, instead of a limit of each'),
    reads: rate('by which the guest reads'),
    writes: rate('by which the guest writes'),
    operationSizeBytes: z.number().int().min(512).max(most).nullish().meta({
      description:
        'an operation of more bytes counts as several; null: each counts as one, however large',
    }),
  })
  .superRefine((limits, context) => {
    for (const { total, ways } of families)
      for (const way of ways)
        if (isSaid(limits[total]) && isSaid(limits[way]))
          context.addIssue({
            code: 'custom',
            path: [way],
            message: `${total} limits both ways together: give either that, or a limit of each way`,
          });
    const [, counts] = families;
    const isCounted = [counts.total, ...counts.ways].some((name) => isSaid(limits[name]));
    if (isSaid(limits.operationSizeBytes) && !isCounted)
      context.addIssue({
        code: 'custom',
        path: ['operationSizeBytes'],
        message: 'no limit counts operations: give operations, reads or writes',
      });
  })
  .meta({ id: 'DiskLimits', description: 'what is left out or null has no limit' });
export type DiskLimits = z.infer<typeof diskLimitsSchema>;

function isSaid<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/** The limits alone, without what is null; undefined where there are none. */
export function limitsSaid(limits: DiskLimits | null | undefined): DiskLimits | undefined {
  const said = saidOf(limits ?? {}) as DiskLimits;
  return Object.keys(said).length === 0 ? undefined : said;
}

function saidOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const said = Object.entries(value).filter(([, one]) => isSaid(one));
  return Object.fromEntries(said.map(([name, one]) => [name, saidOf(one)]));
}

export function withoutLimits<T extends { readonly limits?: unknown }>(disk: T): Omit<T, 'limits'> {
  const { limits: _, ...bare } = disk;
  return bare;
}
