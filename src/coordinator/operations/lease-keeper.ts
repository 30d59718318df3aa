/**
 * Who runs the operations. One coordinator at a time has the lease and renews it; its epoch goes with
 * every write. One that cannot renew it in time stops running before another may begin, and one that is
 * too slow to notice finds its writes refused.
 *
 *   waiting --acquired--> holding(epoch) --refused, or not renewed in time--> waiting
 */
import type { Clock } from '#lib';
import type { Log } from '#log';
import type { Store } from '../store/store.ts';

export const leaseName = 'operations';
const ttlMs = 15_000;
const renewMs = 5_000;
/** With the wait before it well within the time that the lease holds. */
const answerMs = 5_000;

export interface Holding {
  readonly epoch: number;
  /** Aborts when the lease is lost or given back. */
  readonly signal: AbortSignal;
}

export interface LeaseKeeperOptions {
  readonly store: Pick<Store, 'acquire' | 'release'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told each time the lease is got. */
  readonly onHeld: (holding: Holding) => void;
}

export class LeaseKeeper implements AsyncDisposable {
  readonly #options: LeaseKeeperOptions;
  /** A new one for every start of the program, so that nobody takes itself for its predecessor. */
  readonly #holder: string;
  readonly #stop = new AbortController();
  #current: { readonly holding: Holding; readonly lost: AbortController } | undefined;
  #running: Promise<void> | undefined;
  #renewedAt = 0;

  constructor(holder: string, options: LeaseKeeperOptions) {
    this.#holder = holder;
    this.#options = options;
  }

  get holding(): Holding | undefined {
    return this.#current?.holding;
  }

  /** Resolves when the lease has been asked for once, whether or not it was got. */
  async start(): Promise<void> {
    await this.#renew();
    this.#running = this.#run();
  }

  /** The store has refused the epoch. */
  lose(): void {
    const lost = this.#current?.lost;
    this.#current = undefined;
    lost?.abort(new LeaseLost());
  }

  /** Stops what runs under the lease and gives it back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.lose();
    await this.#running;
    await this.#options.store.release(leaseName, this.#holder);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#options.clock.sleep(renewMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#renewInTime(signal);
    }
  }

  /** A store that does not answer takes the lease away as well: in time before another may have it. */
  async #renewInTime(signal: AbortSignal): Promise<void> {
    const answered = new AbortController();
    const renewed = this.#renew().finally(() => answered.abort());
    const either = AbortSignal.any([signal, answered.signal]);
    const late = this.#options.clock.sleep(answerMs, either).then(
      () => this.lose(),
      () => undefined,
    );
    await Promise.all([renewed, late]);
  }

  async #renew(): Promise<void> {
    const { store, clock, log, onHeld } = this.#options;
    const askedAt = clock.now();
    try {
      const lease = await store.acquire(leaseName, this.#holder, ttlMs);
      if (lease === undefined) return this.lose();
      this.#renewedAt = askedAt;
      if (this.#current?.holding.epoch === lease.epoch) return;
      this.lose();
      const lost = new AbortController();
      const holding = { epoch: lease.epoch, signal: lost.signal };
      this.#current = { holding, lost };
      log.info({ epoch: lease.epoch }, 'this coordinator runs the operations');
      onHeld(holding);
    } catch (error) {
      log.error({ err: error }, 'cannot renew the lease on operations');
      // A full disk takes no lease away; time does.
      if (clock.now() - this.#renewedAt > ttlMs - renewMs) this.lose();
    }
  }
}

/** Why what ran under the lease was stopped: it is not over, it goes on elsewhere or later. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor() {
    super('this coordinator no longer runs the operation');
  }
}
