/** What of the host is critically low: so low that the host itself is in danger (HOST-44, VM-79). */
import { readFileSync } from 'node:fs';
import { formatBytes, miB } from '#lib';
import { readVolume } from '../../../storage/file-system.ts';
import type { LowResource } from '../../driver.ts';
import { readMemory } from './machine-facts.ts';

const leastMemoryBytes = 96 * miB;
const leastDiskBytes = 32 * miB;
const mostShare = 0.97;

export interface Figures {
  readonly memoryFreeBytes: number;
  readonly diskFreeBytes: number;
  readonly processes: number;
  readonly maxProcesses: number;
  readonly fileHandles: number;
  readonly maxFileHandles: number;
}

/** The first of them that is critical; undefined when none is. Pure. */
export function judgeFigures(figures: Figures): LowResource | undefined {
  const { memoryFreeBytes, diskFreeBytes, processes, maxProcesses } = figures;
  const { fileHandles, maxFileHandles } = figures;
  if (memoryFreeBytes < leastMemoryBytes) {
    return { resource: 'memory', evidence: `${formatBytes(memoryFreeBytes)} available` };
  }
  if (diskFreeBytes < leastDiskBytes) {
    return {
      resource: 'disk',
      evidence: `${formatBytes(diskFreeBytes)} free for the agent's data`,
    };
  }
  if (processes > maxProcesses * mostShare) {
    return { resource: 'processes', evidence: `${processes} of ${maxProcesses}` };
  }
  if (fileHandles > maxFileHandles * mostShare) {
    return { resource: 'file handles', evidence: `${fileHandles} of ${maxFileHandles}` };
  }
  return undefined;
}

function numbersIn(path: string): number[] {
  try {
    return readFileSync(path, 'utf8')
      .split(/[\s/]+/)
      .map(Number);
  } catch {
    return [];
  }
}

export async function readFigures(dataDir: string): Promise<Figures> {
  const [, , , , processes = 0] = numbersIn('/proc/loadavg');
  const [maxProcesses = Number.POSITIVE_INFINITY] = numbersIn('/proc/sys/kernel/threads-max');
  const [fileHandles = 0, , maxFileHandles = Number.POSITIVE_INFINITY] =
    numbersIn('/proc/sys/fs/file-nr');
  return {
    memoryFreeBytes: readMemory().freeBytes,
    diskFreeBytes: (await readVolume(dataDir)).freeBytes,
    processes,
    maxProcesses,
    fileHandles,
    maxFileHandles,
  };
}
