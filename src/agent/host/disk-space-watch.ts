/**
 * Measures the space that the files of each machine take up, running or not (DISK-67): slowly, one machine after the
 * other, so that no request and no sample waits for a disk.
 *
 * Invariant: at most one look is under way, and of each machine at most one crossing of its limit waits to be told.
 */
import { setImmediate } from 'node:timers/promises';
import { describeFault } from '#lib';
import { hasCrossed, tellCrossing } from '../machine/disk-space.ts';
import type { Machine } from '../machine/machine.ts';
import type { Host } from './host.ts';

const lookEveryMs = 20_000;
/** Machines after which others get their turn. */
const atOnce = 200;

export class DiskSpaceWatch implements Disposable {
  readonly #host: Host;
  readonly #onChange: () => void;
  readonly #over = new AbortController();
  readonly #telling = new Set<string>();
  #spaces: ReadonlyMap<string, number> = new Map();

  constructor(host: Host, onChange: () => void) {
    this.#host = host;
    this.#onChange = onChange;
    void this.#run();
  }

  /** In bytes, by machine; the same map until something is different. */
  get spaces(): ReadonlyMap<string, number> {
    return this.#spaces;
  }

  /** A limit that has changed counts at once, against what was measured last. */
  judge(machine: Machine): void {
    const usedBytes = this.#spaces.get(machine.id);
    if (usedBytes !== undefined) this.#judge(machine, usedBytes);
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#look(signal);
      await this.#host.clock.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const spaces = new Map<string, number>();
    let seen = 0;
    for (const machine of this.#host.machines.values()) {
      const usedBytes = await this.#measure(machine);
      if (signal.aborted) return;
      if (usedBytes !== undefined) {
        spaces.set(machine.id, usedBytes);
        this.#judge(machine, usedBytes);
      }
      seen += 1;
      if (seen % atOnce === 0) await setImmediate();
    }
    if (areSame(spaces, this.#spaces)) return;
    this.#spaces = spaces;
    this.#onChange();
  }

  /** Undefined where a file cannot be looked at: then nothing is known, and nothing is told. */
  async #measure({ id, file }: Machine): Promise<number | undefined> {
    try {
      return await this.#host.driver.storage.occupiedBytes(file);
    } catch (error) {
      this.#host.log.debug({ vm: id, why: describeFault(error) }, 'space of its files');
      return undefined;
    }
  }

  #judge(machine: Machine, usedBytes: number): void {
    const { id, file } = machine;
    if (!hasCrossed(file, usedBytes) || this.#telling.has(id)) return;
    this.#telling.add(id);
    machine
      .queueOwn((hands) => tellCrossing(hands, usedBytes))
      .catch((error: unknown) =>
        this.#host.log.warn({ vm: id, why: describeFault(error) }, 'limit of its disk space'),
      )
      .finally(() => this.#telling.delete(id));
  }
}

function areSame(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return one.size === other.size && [...one].every(([id, bytes]) => other.get(id) === bytes);
}
