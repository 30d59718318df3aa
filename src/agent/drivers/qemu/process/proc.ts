/** Processes of this host as the kernel shows them in /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { ProcessIdentity } from '../../../machine/record.ts';

/** Changes with every start of the host. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

interface ProcStat {
  readonly state: string;
  /** Clock ticks in user and kernel mode. */
  readonly cpuTicks: number;
  readonly startTicks: number;
}

/** Undefined where there is no such process. */
export function readStat(pid: number): ProcStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The name in field 2 may hold anything, parentheses included: the last one ends it. */
export function parseStat(text: string): ProcStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  const startTicks = Number(fields[19]);
  if (state === undefined || !Number.isFinite(cpuTicks) || !Number.isInteger(startTicks)) {
    return undefined;
  }
  return { state, cpuTicks, startTicks };
}

/** A process that lives: not one that has ended and waits to be reaped. */
export function isAlive(identity: ProcessIdentity, bootId: string): boolean {
  if (identity.bootId !== bootId) return false;
  const stat = readStat(identity.pid);
  return (
    stat !== undefined &&
    stat.startTicks === identity.startTicks &&
    stat.state !== 'Z' &&
    stat.state !== 'X'
  );
}

export function identify(pid: number, bootId: string): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && stat.state !== 'Z' ? { pid, startTicks: stat.startTicks, bootId } : undefined;
}

/** Resident memory in bytes, or undefined where there is no such process. */
export function readResidentBytes(pid: number): number | undefined {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return Number(pages) * pageBytes;
  } catch {
    return undefined;
  }
}

const pageBytes = 4096;
export const ticksPerSecond = 100;

export interface FoundProcess {
  readonly pid: number;
  readonly args: readonly string[];
}

/**
 * Processes that were given these arguments, one behind the other: one alone may stand in the command line of anybody
 * who works with what it names. What a process says of itself can be made up; it is believed only together with the
 * record or the monitor.
 */
export async function findByArguments(
  wanted: readonly [string, ...string[]],
): Promise<readonly FoundProcess[]> {
  const found: FoundProcess[] = [];
  const [first] = wanted;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (!text.includes(first)) continue;
    const args = text.split('\0');
    const isGiven = args.some((_, at) => wanted.every((one, index) => args[at + index] === one));
    if (isGiven) found.push({ pid: Number(name), args });
  }
  return found;
}

/** How many processes there are. */
export function countProcesses(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
}
