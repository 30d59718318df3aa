/** The physical machine: processors, memory, system, as its kernel shows them. Readings are pure functions of text. */
import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import type { HostFacts } from '#api';
import { isoTime } from '#lib';

type Processor = HostFacts['processor'];

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function readProcessor(): Processor {
  return parseProcessors(readOr('/proc/cpuinfo'), cpus().length);
}

/** /proc/cpuinfo of x86; what it does not tell is filled in with the number of threads. */
export function parseProcessors(text: string, threads: number): Processor {
  const blocks = text.split('\n\n').filter((block) => block.includes('processor'));
  const read = (block: string, name: string): string | undefined =>
    new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(block)?.[1]?.trim();
  const [first = ''] = blocks;
  const sockets = new Set(blocks.map((block) => read(block, 'physical id') ?? '0')).size || 1;
  const cores = new Set(
    blocks.map((block) => `${read(block, 'physical id') ?? 0}/${read(block, 'core id') ?? block}`),
  ).size;
  const clock = Number(read(first, 'cpu MHz'));
  const clockMhz = Number.isFinite(clock) && clock > 0 ? Math.round(clock) : null;
  const count = Math.max(1, blocks.length || threads);
  return {
    vendor: (read(first, 'vendor_id') ?? 'unknown').slice(0, 128),
    model: (read(first, 'model name') ?? 'unknown').slice(0, 256),
    sockets,
    cores: Math.max(1, cores || count),
    threads: count,
    clockMhz,
    flags: (read(first, 'flags') ?? '')
      .split(' ')
      .filter((flag) => flag !== '')
      .slice(0, 1024),
    grade: gradeOf(clockMhz),
  };
}

/** HOST-01. */
export function gradeOf(clockMhz: number | null): Processor['grade'] {
  if (clockMhz === null) return 'ungraded';
  if (clockMhz < 550) return 'below-minimum';
  return clockMhz < 1000 ? 'below-recommended' : 'ok';
}

/** As the kernel calls it, like the architectures of machine types. */
export function readArchitecture(name: string = arch()): string {
  const names: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
  return names[name] ?? name;
}

export function readMachine(
  fullName: string | undefined,
): Pick<
  HostFacts,
  'architecture' | 'fullName' | 'operatingSystem' | 'kernel' | 'memoryTotalBytes' | 'bootedAt'
> {
  const pretty = /^PRETTY_NAME="?(.*?)"?$/m.exec(readOr('/etc/os-release'))?.[1];
  const booted = Number(/^btime (\d+)$/m.exec(readOr('/proc/stat'))?.[1] ?? 0);
  return {
    architecture: readArchitecture(),
    operatingSystem: (pretty ?? type()).slice(0, 256),
    ...(fullName === undefined ? {} : { fullName }),
    kernel: `${type()} ${release()}`,
    memoryTotalBytes: totalmem(),
    bootedAt: isoTime(booted * 1000),
  };
}

export interface MemoryNow {
  readonly totalBytes: number;
  /** What can be given without taking it from somebody. */
  readonly freeBytes: number;
}

export function readMemory(): MemoryNow {
  const text = readOr('/proc/meminfo');
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { totalBytes: read('MemTotal') || totalmem(), freeBytes: read('MemAvailable') };
}

/** Share of all processors in use between two readings, in percent. */
export class CpuMeter {
  #last: { readonly busy: number; readonly all: number } | undefined;

  read(text = readOr('/proc/stat')): number | null {
    const numbers = (/^cpu +(.*)$/m.exec(text)?.[1] ?? '').split(' ').map(Number);
    const all = numbers.slice(0, 8).reduce((sum, value) => sum + value, 0);
    const busy = all - (numbers[3] ?? 0) - (numbers[4] ?? 0);
    const last = this.#last;
    this.#last = { busy, all };
    if (!last || all <= last.all) return null;
    return Math.round(((busy - last.busy) / (all - last.all)) * 1000) / 10;
  }
}
