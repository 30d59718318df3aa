/**
 * The disks that a process serves, as its plan has them at this moment.
 *
 * Invariant: one plan after the other; a disk of the next one that cannot be opened leaves those of the last one served.
 */
import { existsSync } from 'node:fs';
import { hostStore } from '#disk';
import type { Exports } from '#nbd';
import { journalPath } from './journals.ts';
import { ServedDisk } from './served-disk.ts';
import type { ServedEntry, ServedPlan } from './served-plan.ts';

export class ServedDisks implements AsyncDisposable {
  readonly #disks = new Map<string, ServedDisk>();
  readonly #socketPath: string;
  #turn: Promise<void> = Promise.resolve();

  /** `socketPath`: beside which their journals are. */
  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  get exports(): Exports {
    return this.#disks;
  }

  /** Faults: as `ServedDisk.open`. */
  become(plan: ServedPlan): Promise<void> {
    const next = this.#turn.then(() => this.#become(plan));
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await using stack = new AsyncDisposableStack();
    for (const disk of this.#disks.values()) stack.use(disk);
  }

  async #become({ disks: plan, folders }: ServedPlan): Promise<void> {
    for (const [name, disk] of this.#disks) {
      if (plan.some((entry) => isSameFile(entry, disk.entry))) continue;
      this.#disks.delete(name);
      await disk[Symbol.asyncDispose]();
    }
    const allowed = folders.filter((folder) => existsSync(folder));
    const store = hostStore(allowed, { smallWrites: 'here' });
    for (const entry of plan) {
      const disk = this.#disks.get(entry.name);
      if (disk !== undefined) await disk.become(entry);
      else
        this.#disks.set(
          entry.name,
          await ServedDisk.open(entry, store, journalPath(this.#socketPath, entry.name)),
        );
    }
  }
}

function isSameFile(one: ServedEntry, other: ServedEntry): boolean {
  return one.name === other.name && one.path === other.path && one.format === other.format;
}
