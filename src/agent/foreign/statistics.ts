/**
 * The statistics of all domains of a hypervisor in one call, also while a QEMU answers nothing. libvirt asks one QEMU after the other
 * and waits for each as long as it takes: one that is stuck, because the server of its disks is away, would hold up what is
 * known of all. But a domain that one call waits for is left out of the next (virConnectGetAllDomainStats, no-wait): whoever does
 * not get an answer in time asks again.
 *
 * Invariant: `maxUnanswered` calls wait for QEMUs at most, since a libvirtd does few things at once for a client; beyond
 * that only what no QEMU is needed for is asked.
 */
import type { Clock } from '#lib';
import type { Client } from '#libvirt';
import { wantedStats } from './domain.ts';
import { EachDomain, type DomainRecord } from './each-domain.ts';
import { isNotKnown } from './not-known.ts';

/** virDomainStatsTypes: what libvirt itself knows. */
const states = 1;
/** virConnectGetAllDomainStatsFlags: leave out what a busy domain would have to be waited for. */
const noWait = 1 << 29;
const maxUnanswered = 2;
/** Where it is not known how long this hypervisor takes, and between calls. */
const patienceMs = 2_000;
/** A thousand vms take seconds where all is well. */
const maxPatienceMs = 10_000;

export interface Statistics {
  readonly records: readonly DomainRecord[];
  /** Whether more is told than states. */
  readonly told: 'all' | 'states';
}

export class BulkStatistics {
  readonly #client: Client;
  readonly #clock: Clock;
  #knowsNoWait = true;
  /** Where the driver has no bulk statistics. */
  #each: EachDomain | undefined;
  #unanswered = 0;
  /** How long the call took that was answered last. */
  #tookMs = 0;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Errors: those of the client; why the signal aborts. */
  async read(signal: AbortSignal): Promise<Statistics> {
    if (!this.#knowsNoWait) return await this.#readWaiting(signal);
    const calls: Promise<readonly DomainRecord[]>[] = [];
    let waitMs = Math.min(maxPatienceMs, Math.max(patienceMs, 2 * this.#tookMs));
    while (this.#unanswered < maxUnanswered) {
      calls.push(this.#ask());
      try {
        const records = await this.#within(waitMs, Promise.race(calls), signal);
        if (records !== undefined) return { records, told: 'all' };
      } catch (error) {
        if (!isNotKnown(error)) throw error;
        this.#knowsNoWait = false;
        return await this.#readWaiting(signal);
      }
      waitMs = patienceMs;
    }
    return { records: await this.#call(states, 0, signal), told: 'states' };
  }

  async #readWaiting(signal: AbortSignal): Promise<Statistics> {
    if (this.#each === undefined) {
      try {
        return { records: await this.#call(wantedStats, 0, signal), told: 'all' };
      } catch (error) {
        if (!isNotKnown(error)) throw error;
        this.#each = new EachDomain(this.#client);
      }
    }
    return { records: await this.#each.all(signal), told: 'all' };
  }

  /** Goes on when nobody waits for it any more: the hypervisor is still at it. */
  async #ask(): Promise<readonly DomainRecord[]> {
    const beganMs = performance.now();
    this.#unanswered += 1;
    try {
      return await this.#call(wantedStats, noWait);
    } finally {
      this.#unanswered -= 1;
      this.#tookMs = performance.now() - beganMs;
    }
  }

  async #call(
    stats: number,
    flags: number,
    signal?: AbortSignal,
  ): Promise<readonly DomainRecord[]> {
    const args = { doms: [], stats, flags };
    return (await this.#client.call('CONNECT_GET_ALL_DOMAIN_STATS', args, { signal })).retStats;
  }

  /** Undefined where the work takes longer. */
  async #within<T>(ms: number, work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const over = new AbortController();
    const limit = this.#clock.sleep(ms, AbortSignal.any([signal, over.signal]));
    try {
      return (await Promise.race([work, limit])) ?? undefined;
    } finally {
      over.abort();
    }
  }
}
