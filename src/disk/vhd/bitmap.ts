/** Sector bitmaps of VHD: one bit per sector, the highest bit of a byte first. */

export interface BitRun {
  readonly isSet: boolean;
  readonly count: number;
}

function bit(bitmap: Uint8Array, index: number): boolean {
  return (((bitmap[index >>> 3] ?? 0) >>> (7 - (index & 7))) & 1) === 1;
}

/** The run of equal bits that starts at `first`, at most `limit` long. */
export function firstBitRun(bitmap: Uint8Array, first: number, limit: number): BitRun {
  const isSet = bit(bitmap, first);
  const whole = isSet ? 0xff : 0;
  let count = 1;
  while (count < limit) {
    const index = first + count;
    if ((index & 7) === 0 && bitmap[index >>> 3] === whole) {
      count += 8;
    } else if (bit(bitmap, index) === isSet) {
      count += 1;
    } else {
      break;
    }
  }
  return { isSet, count: Math.min(count, limit) };
}

export function setBits(bitmap: Uint8Array, first: number, count: number): void {
  for (let index = first; index < first + count;) {
    if ((index & 7) === 0 && first + count - index >= 8) {
      bitmap[index >>> 3] = 0xff;
      index += 8;
    } else {
      bitmap[index >>> 3] = (bitmap[index >>> 3] ?? 0) | (0x80 >>> (index & 7));
      index += 1;
    }
  }
}
