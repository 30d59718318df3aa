/** Sizes in bytes: parsed from what people type, written as people read. Binary units throughout. */
import { Fault } from './fault.ts';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const factors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
};

export const kiB = 1024;
export const miB = 1024 ** 2;
export const giB = 1024 ** 3;

/** `1536 MiB` for 1610612736: the largest unit in which at most one decimal is needed, rounded. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = Number.isInteger(value) || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/**
 * Bytes from `512M`, `2 GiB`, `1.5g` or a bare number of bytes. K, M, G, T and P are powers of 1024
 * with or without `iB` or `B`. Errors: `invalid` naming the text.
 */
export function parseBytes(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmgtpb]?)(?:i?b)?$/i.exec(text.trim());
  const bytes = match
    ? Number(match[1]) * (factors[(match[2] ?? '').toLowerCase()] ?? Number.NaN)
    : Number.NaN;
  if (!Number.isFinite(bytes) || bytes > Number.MAX_SAFE_INTEGER) {
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not a size`, {
      hint: 'write a number with a unit, for example 512M or 20G',
    });
  }
  return Math.round(bytes);
}
