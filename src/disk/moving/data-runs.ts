/** Which parts of a piece of a disk are written to a copy, and which are left out as zeros. */
import { eachRun, isZero } from '../zeros.ts';

/** Runs of zeros shorter than this are written along with the data around them. */
export const shortestHole = 32 * 1024;

/** Zeros are looked for in whole units: what shares a block of the target is written together where blocks are small. */
export function unitOf({ blockBytes }: { readonly blockBytes: number }): number {
  return Math.min(Math.max(4096, blockBytes), 64 * 1024);
}

export interface Part {
  /** In the piece. */
  readonly at: number;
  readonly length: number;
}

/** `offset`: where the piece begins in the guest. `unit`: zeros are looked for in whole ones of the guest. */
export function dataRuns(
  bytes: Uint8Array,
  offset: number,
  unit: number,
): { readonly data: readonly Part[]; readonly gaps: readonly Part[] } {
  const lead = Math.min(bytes.length, (unit - (offset % unit)) % unit);
  const data: { at: number; length: number }[] = [];
  const gaps: Part[] = [];
  const sort = (at: number, length: number, kind: 'zero' | 'data'): void => {
    const last = data.at(-1);
    if (kind === 'zero') gaps.push({ at, length });
    else if (last !== undefined && at - last.at - last.length < shortestHole) {
      last.length = at + length - last.at;
    } else data.push({ at, length });
  };
  if (lead > 0) sort(0, lead, isZero(bytes.subarray(0, lead)) ? 'zero' : 'data');
  eachRun(bytes.subarray(lead), (at, length, kind) => sort(lead + at, length, kind), unit);
  return { data, gaps };
}
