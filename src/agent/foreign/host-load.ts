/**
 * What a hypervisor tells of its host with each look: free memory, and how busy its processors were since the look before. Not
 * told is not known: a driver that has no call for it is not asked again.
 */
import { isFault } from '#lib';
import { libvirtFacts, type Client } from '#libvirt';

/** VIR_NODE_CPU_STATS_ALL_CPUS. */
const allProcessors = -1;
/** Of processors that wait for a disk no time is spent. */
const idleTimes: readonly string[] = ['idle', 'iowait'];
/** Some drivers tell the share itself. */
const share = 'utilization';

interface Figure {
  readonly field: string;
  /** Nanoseconds of all processors since the host started; of the share per cent. */
  readonly value: bigint;
}

/** Per cent of all processors between two looks; null where it cannot be known. Pure. */
export function busyPercent(now: readonly Figure[], before: readonly Figure[]): number | null {
  const told = now.find(({ field }) => field === share);
  if (told !== undefined) return Math.min(100, Number(told.value));
  const earlier = new Map(before.map(({ field, value }) => [field, value]));
  let [all, idle] = [0, 0];
  for (const { field, value } of now) {
    const spent = Number(value - (earlier.get(field) ?? value));
    // It was started again.
    if (spent < 0) return null;
    all += spent;
    if (idleTimes.includes(field)) idle += spent;
  }
  return all === 0 ? null : ((all - idle) / all) * 100;
}

export class HostLoadReader {
  readonly #client: Client;
  /** How many figures there are; undefined: not asked yet. None: there is no call for it. */
  #figures: number | undefined;
  #before: readonly Figure[] = [];
  freeBytes = 0;
  cpuPercent: number | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Errors: those of the connection. */
  async look(signal: AbortSignal): Promise<void> {
    const free = await this.#ask(() => this.#client.call('NODE_GET_FREE_MEMORY', {}, { signal }));
    // Its vms are there all the same.
    this.freeBytes = Number(free?.freeMem ?? 0n);
    this.#figures ??= (await this.#read(0, signal))?.nparams ?? 0;
    if (this.#figures <= 0) return;
    const now = (await this.#read(this.#figures, signal))?.params ?? [];
    this.cpuPercent = busyPercent(now, this.#before);
    this.#before = now;
  }

  #read(
    nparams: number,
    signal: AbortSignal,
  ): Promise<{ readonly params: readonly Figure[]; readonly nparams: number } | undefined> {
    const args = { cpuNum: allProcessors, nparams, flags: 0 };
    return this.#ask(() => this.#client.call('NODE_GET_CPU_STATS', args, { signal }));
  }

  /** Undefined where the hypervisor answers that it does not tell, in whatever words. */
  async #ask<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (isFault(error) && libvirtFacts(error) !== undefined) return undefined;
      throw error;
    }
  }
}
