/** What a process of this machine costs, from /proc (proc(5)). */
import { readFileSync } from 'node:fs';
import { miB } from '#lib';

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux of this century (proc(5), USER_HZ). */
const ticksPerSecond = 100;

export interface Memory {
  readonly residentBytes: number;
  /** Shared pages divided among those who share them. */
  readonly proportionalBytes: number;
  /** What nobody shares: what the machine has back when the process ends. */
  readonly privateBytes: number;
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  return {
    residentBytes: bytes('Rss'),
    proportionalBytes: bytes('Pss'),
    privateBytes: bytes('Private_Clean') + bytes('Private_Dirty'),
  };
}

/** Processor time of all its threads so far. */
export function processorMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Whole MiB, so that columns of a table compare. */
export function formatMiB(bytes: number): string {
  return `${(bytes / miB).toFixed(0)} MiB`;
}
