/** Values that several formats write alike. */
import { miB } from '#lib';

/** A number of mebibytes. */
export function toBytes(count: number | undefined): number | null {
  return count === undefined ? null : count * miB;
}

/** 32 hexadecimal digits, however they are set apart, in the order in which they are written; null for none and for zeros. */
export function readUuid(value: string | undefined): string | null {
  const digits = (value ?? '').replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  if (digits.length !== 32 || /^0+$/.test(digits)) return null;
  const at = (from: number, to: number): string => digits.slice(from, to);
  return [at(0, 8), at(8, 12), at(12, 16), at(16, 20), at(20, 32)].join('-');
}
