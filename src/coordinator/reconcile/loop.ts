/**
 * Reconcilers: functions without input that close the gap between what is wanted and what is. Each runs on
 * a timer and on a nudge, one run at a time; a run that fails is told in the log and tried again at the
 * next turn.
 */
import type { Log } from '#log';

export interface Reconciler {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export class Loops implements AsyncDisposable {
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #nudges = new Map<string, () => void>();

  constructor(reconcilers: readonly Reconciler[], log: Log) {
    this.#log = log;
    for (const reconciler of reconcilers) this.#running.push(this.#loop(reconciler));
  }

  /** Runs the reconciler soon. */
  nudge(name: string): void {
    this.#nudges.get(name)?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const wake of this.#nudges.values()) wake();
    await Promise.all(this.#running);
  }

  async #loop({ name, everyMs, run }: Reconciler): Promise<void> {
    const { signal } = this.#stop;
    let nudged = false;
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, nudged ? 0 : everyMs);
        this.#nudges.set(name, () => {
          nudged = true;
          clearTimeout(timer);
          resolve();
        });
      });
      nudged = false;
      if (signal.aborted) return;
      this.#nudges.set(name, () => {
        nudged = true;
      });
      try {
        await run(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#log.error({ err: error, reconciler: name }, 'a reconciler failed');
      }
    }
  }
}
