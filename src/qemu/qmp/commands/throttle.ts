/** How much a device reads and writes at most (qapi/block-core.json: BlockIOThrottle, BlockDeviceInfo). */
import { finite, map, optional, record, type Parser } from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { tell, type Monitor } from './ask.ts';

/** Bytes (`bps`) and operations (`iops`) of a second: all, read, written. */
export const throttleNames = ['bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr'] as const;
export type ThrottleName = (typeof throttleNames)[number];

export interface ThrottleRate {
  readonly perSecond: number;
  /** Absent without a burst. */
  readonly burst?: { readonly perSecond: number; readonly seconds: number };
}

/** What is absent is not limited. */
export interface Throttle {
  readonly rates: Readonly<Partial<Record<ThrottleName, ThrottleRate>>>;
  /** An operation of more bytes counts as several. */
  readonly operationSizeBytes?: number;
}

const numbers = (name: ThrottleName) =>
  ({
    rate: name,
    most: `${name}_max`,
    seconds: `${name}_max_length`,
  }) as const;

const counts: Readonly<Record<string, Parser<number | undefined>>> = Object.fromEntries(
  ['iops_size', ...throttleNames.flatMap((name) => Object.values(numbers(name)))].map((name) => [
    name,
    optional(finite),
  ]),
);

/** Of a device that has something inserted. */
export const parseThrottle: Parser<Throttle> = map(
  record<Readonly<Record<string, number | undefined>>>(counts),
  (told) => {
    const count = (name: string): number => told[name] ?? 0;
    const rates = throttleNames.flatMap((name) => {
      const { rate, most, seconds } = numbers(name);
      if (count(rate) === 0) return [];
      const burst = { perSecond: count(most), seconds: count(seconds) || 1 };
      return [
        [name, { perSecond: count(rate), ...(burst.perSecond === 0 ? {} : { burst }) }] as const,
      ];
    });
    const size = count('iops_size');
    return {
      rates: Object.fromEntries(rates),
      ...(size === 0 ? {} : { operationSizeBytes: size }),
    };
  },
);

/** `device`: as `queryBlock` tells its path. All limits at once; nothing of those before stays. */
export function blockSetIoThrottle(
  monitor: Monitor,
  device: string,
  { rates, operationSizeBytes }: Throttle,
  options?: CommandOptions,
): Promise<void> {
  const wanted = throttleNames.flatMap((name) => {
    const { rate, most, seconds } = numbers(name);
    const { perSecond = 0, burst } = rates[name] ?? {};
    const all = [[rate, perSecond] as const];
    return burst === undefined
      ? all
      : [...all, [most, burst.perSecond] as const, [seconds, burst.seconds] as const];
  });
  const size = operationSizeBytes === undefined ? {} : { iops_size: operationSizeBytes };
  const asked = { id: device, ...Object.fromEntries(wanted), ...size };
  return tell(monitor, 'block_set_io_throttle', asked, options);
}
