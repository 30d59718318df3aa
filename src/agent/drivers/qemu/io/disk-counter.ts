/**
 * How much a machine reads and writes: QEMU's counters of all its disks and drives, one question at each
 * look. A process that has used no processor time since the last look has moved nothing and is not asked.
 */
import type { DiskUse } from '#api';
import { qmp, type QmpClient } from '#qemu';
import { readStat } from '../process/proc.ts';
import { Rates } from './rates.ts';

const answerMs = 5_000;
const nothing: Counters = {
  readBytesPerSecond: 0,
  writtenBytesPerSecond: 0,
  readsPerSecond: 0,
  writesPerSecond: 0,
};

/** Under the names of the rates that come of them. */
type Counters = Readonly<Record<keyof DiskUse, number>>;

export class DiskCounter {
  readonly #pid: number;
  readonly #client: () => QmpClient;
  readonly #rates = new Rates<keyof DiskUse>();
  #last: { readonly counters: Counters; readonly cpuTicks: number } | undefined;
  #counts = false;

  constructor(pid: number, client: () => QmpClient) {
    this.#pid = pid;
    this.#client = client;
  }

  get use(): DiskUse | null {
    return this.#rates.perSecond;
  }

  /** One look at a time; a monitor that does not answer is asked again at the next. */
  async count(nowMs: number): Promise<void> {
    const cpuTicks = readStat(this.#pid)?.cpuTicks;
    if (this.#counts || cpuTicks === undefined) return;
    if (this.#last?.cpuTicks === cpuTicks) {
      this.#rates.note(this.#last.counters, nowMs);
      return;
    }
    this.#counts = true;
    try {
      const counters = await this.#read();
      this.#last = { counters, cpuTicks };
      this.#rates.note(counters, nowMs);
    } catch {
      this.#rates.forget();
    } finally {
      this.#counts = false;
    }
  }

  async #read(): Promise<Counters> {
    const disks = await qmp.queryBlockstats(this.#client(), { timeoutMs: answerMs });
    return disks.reduce(
      (sum, disk) => ({
        readBytesPerSecond: sum.readBytesPerSecond + disk.readBytes,
        writtenBytesPerSecond: sum.writtenBytesPerSecond + disk.writtenBytes,
        readsPerSecond: sum.readsPerSecond + disk.readOperations,
        writesPerSecond: sum.writesPerSecond + disk.writeOperations,
      }),
      nothing,
    );
  }
}
