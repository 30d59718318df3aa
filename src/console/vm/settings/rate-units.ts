/** Units in which bytes per second are typed, and the one in which a rate is a short number. */
import { giB, kiB, miB } from '#lib';

export const rateUnits = [
  { sign: 'B/s', bytes: 1 },
  { sign: 'KiB/s', bytes: kiB },
  { sign: 'MiB/s', bytes: miB },
  { sign: 'GiB/s', bytes: giB },
] as const;
export type RateUnit = (typeof rateUnits)[number];

const usual = rateUnits[2];

/** The largest of which it is a whole number; of none MiB. */
export function unitOfRate(bytesPerSecond: number | null): RateUnit {
  if (bytesPerSecond === null || bytesPerSecond <= 0) return usual;
  return rateUnits.findLast(({ bytes }) => bytesPerSecond % bytes === 0) ?? rateUnits[0];
}

/** Null: nothing was typed. */
export function bytesOfRate(typed: string, { bytes }: RateUnit): number | null {
  return typed.trim() === '' ? null : Math.round(Number(typed) * bytes);
}

/** As it was typed while that is what it is worth: `4.70` stays so. */
export function showRate(bytesPerSecond: number | null, typed: string, unit: RateUnit): string {
  if (bytesOfRate(typed, unit) === bytesPerSecond) return typed;
  return bytesPerSecond === null ? '' : String(bytesPerSecond / unit.bytes);
}
