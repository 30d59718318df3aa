/**
 * Looks at what each machine with a limit uses of its processors and memory (EVT-35): the mean of a minute, so that a
 * short peak is none. One that is off uses nothing.
 *
 * Invariant: of each machine at most one crossing of its limits waits to be told.
 */
import { describeFault } from '#lib';
import { measuredUses, useLimitPercent } from '#api';
import type { Machine } from '../machine/machine.ts';
import { findCrossings, tellUse, type MeanUse } from '../machine/use-limits.ts';
import type { Host } from './host.ts';

const lookEveryMs = 10_000;
const looks = 6;
const nothing: MeanUse = { cpu: 0, memory: 0 };

export class UseWatch implements Disposable {
  readonly #host: Host;
  readonly #over = new AbortController();
  readonly #telling = new Set<string>();
  /** The last looks at machines that run and have a limit. */
  readonly #seen = new Map<string, readonly MeanUse[]>();

  constructor(host: Host) {
    this.#host = host;
    void this.#run();
  }

  /** A limit that has changed counts at once, against what was measured last. */
  judge(machine: Machine): void {
    const mean = machine.running === undefined ? nothing : meanOf(this.#seen.get(machine.id) ?? []);
    const { id, file } = machine;
    if (findCrossings(file, mean).length === 0 || this.#telling.has(id)) return;
    this.#telling.add(id);
    machine
      .queueOwn((hands) => tellUse(hands, mean))
      .catch((error: unknown) =>
        this.#host.log.warn({ vm: id, why: describeFault(error) }, 'limits of its use'),
      )
      .finally(() => this.#telling.delete(id));
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      this.#look();
      await this.#host.clock.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }

  #look(): void {
    const nowMs = this.#host.clock.now();
    for (const id of this.#seen.keys())
      if (!this.#host.machines.get(id)?.running) this.#seen.delete(id);
    for (const machine of this.#host.machines.values()) {
      const { id, running, file } = machine;
      const isLimited = measuredUses.some((use) => useLimitPercent(file.definition, use) !== null);
      if (!isLimited) this.#seen.delete(id);
      else if (running) {
        const { cpuPercent, memoryBytes } = running.sample(nowMs);
        const ownBytes = (file.startedWith ?? file.definition).hardware.memory.sizeBytes;
        const memory = memoryBytes === null ? null : (memoryBytes / ownBytes) * 100;
        const before = this.#seen.get(id) ?? [];
        this.#seen.set(id, [...before, { cpu: cpuPercent, memory }].slice(-looks));
      }
      this.judge(machine);
    }
  }
}

/** Null until there are looks of a whole minute. */
function meanOf(seen: readonly MeanUse[]): MeanUse {
  const mean = (use: keyof MeanUse): number | null => {
    const values = seen.map((look) => look[use]).filter((value) => value !== null);
    if (values.length < looks) return null;
    return Math.round((values.reduce((sum, value) => sum + value, 0) / looks) * 10) / 10;
  };
  return { cpu: mean('cpu'), memory: mean('memory') };
}
