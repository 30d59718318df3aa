/** How far a step has come, told a few times a second at most; the last word of a burst is told too. */
import type { Inventory } from '../inventory/inventory.ts';

const pauseMs = 250;
const maxNote = 300;

export class ProgressTeller {
  readonly #inventory: Pick<Inventory, 'setProgress'>;
  readonly #operationId: string;
  readonly #at: number;
  #latest: { readonly progress: number | null; readonly note: string | null } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(inventory: Pick<Inventory, 'setProgress'>, operationId: string, at: number) {
    this.#inventory = inventory;
    this.#operationId = operationId;
    this.#at = at;
  }

  tell(progress: number | null, note: string | null): void {
    const bounded = progress === null ? null : Math.min(1, Math.max(0, progress));
    this.#latest = { progress: bounded, note: note?.slice(0, maxNote) ?? null };
    if (this.#timer !== undefined) return;
    this.#tellLatest();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tellLatest();
    }, pauseMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#latest = undefined;
  }

  #tellLatest(): void {
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest !== undefined)
      this.#inventory.setProgress(this.#operationId, { at: this.#at, ...latest });
  }
}
