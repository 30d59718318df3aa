/** Whether the volume under an installation's data has room: a full one refuses whatever would be written. */
import { statfsSync, type StatsFs } from 'node:fs';
import type { Finding } from '#api';
import { formatBytes, giB, miB } from '#lib';

/** What the journal and the log take in a moment of much work. */
const fullBytes = 16 * miB;
const lowBytes = giB;

/** Undefined where the folder cannot be looked at. */
export function findSpace(folder: string): Finding | undefined {
  try {
    return judgeSpace(folder, statfsSync(folder));
  } catch {
    return undefined;
  }
}

export function judgeSpace(
  folder: string,
  { bavail, bsize, blocks }: Pick<StatsFs, 'bavail' | 'bsize' | 'blocks'>,
): Finding {
  const freeBytes = bavail * bsize;
  const free = `${formatBytes(freeBytes)} of ${formatBytes(blocks * bsize)} are free at ${folder}`;
  const check = 'disk space';
  if (freeBytes >= lowBytes) return { check, result: 'ok', evidence: free, remedy: null };
  return {
    check,
    result: freeBytes < fullBytes ? 'error' : 'warning',
    evidence: freeBytes < fullBytes ? `${free}: changes are refused` : free,
    remedy: 'make room on that volume',
  };
}
