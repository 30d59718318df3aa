/** Zeros: told apart from data by comparing with a block known to be zero (memcmp, several GB/s). */
import { zeroUnitBytes } from './limits.ts';

const zeros = Buffer.alloc(1024 * 1024);

/** A buffer of zeros, not to be written to, of at most 1 MiB. */
export function zeroBytes(length: number): Buffer {
  return zeros.subarray(0, length);
}

/** Whether a range of the bytes is all zero. Looks at its ends first: most data is told by them. */
export function isZeroRange(bytes: Uint8Array, start: number, end: number): boolean {
  if (start < end && (bytes[start] !== 0 || bytes[end - 1] !== 0)) return false;
  for (let at = start; at < end; at += zeros.length) {
    const to = Math.min(end, at + zeros.length);
    if (zeros.compare(bytes, at, to, 0, to - at) !== 0) return false;
  }
  return true;
}

export function isZero(bytes: Uint8Array): boolean {
  return isZeroRange(bytes, 0, bytes.length);
}

/**
 * Calls `each` for every maximal run of zeros or data in the bytes, in units of `unit` bytes counted
 * from the first byte. A run of zeros shorter than a unit counts as data.
 */
export function eachRun(
  bytes: Uint8Array,
  each: (start: number, length: number, kind: 'zero' | 'data') => void,
  unit = zeroUnitBytes,
): void {
  let start = 0;
  let kind: 'zero' | 'data' | undefined;
  for (let at = 0; at < bytes.length; at += unit) {
    const end = Math.min(at + unit, bytes.length);
    const here = isZeroRange(bytes, at, end) ? 'zero' : 'data';
    if (kind !== undefined && here !== kind) {
      each(start, at - start, kind);
      start = at;
    }
    kind = here;
  }
  if (kind !== undefined) each(start, bytes.length - start, kind);
}
