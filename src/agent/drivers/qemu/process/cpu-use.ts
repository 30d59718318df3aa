/** How much of its processors a process uses: the difference of two readings. */
import { readStat, ticksPerSecond } from './proc.ts';

const leastMs = 1_000;

export class CpuUse {
  readonly #pid: number;
  readonly #processors: number;
  #last: { readonly ticks: number; readonly atMs: number } | undefined;
  #percent: number | null = null;

  constructor(pid: number, processors: number) {
    this.#pid = pid;
    this.#processors = processors;
  }

  /** In percent of the processors; null until there are two readings. */
  read(nowMs: number): number | null {
    const last = this.#last;
    if (last && nowMs - last.atMs < leastMs) return this.#percent;
    const stat = readStat(this.#pid);
    if (!stat) return null;
    this.#last = { ticks: stat.cpuTicks, atMs: nowMs };
    if (last) {
      const seconds = (stat.cpuTicks - last.ticks) / ticksPerSecond;
      const share = seconds / ((nowMs - last.atMs) / 1000) / this.#processors;
      this.#percent = Math.max(0, Math.round(share * 1000) / 10);
    }
    return this.#percent;
  }
}
