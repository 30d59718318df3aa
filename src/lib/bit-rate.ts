/** Rates in bits per second: parsed from what people type, written as people read. Decimal units, as networks have them. */
import { Fault } from './fault.ts';

const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'] as const;
const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** `1.5 Mbit/s` for 1500000: the largest unit in which the number is at least one, with at most two decimals. */
export function formatBitRate(bitsPerSecond: number): string {
  let value = bitsPerSecond;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toFixed(2))} ${units[unit]}`;
}

/** Bits per second from `100M`, `1.5 Gbit/s`, `500kbit`. Errors: `invalid` naming the text. */
export function parseBitRate(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*([kmg]?)(?:bit(?:\/s)?)?$/i.exec(text.trim());
  if (match === null)
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not a rate`, {
      hint: 'write bits per second with a unit, for example 100M or 1.5G',
    });
  return Math.round(Number(match[1]) * (factors[(match[2] ?? '').toLowerCase()] ?? 1));
}
